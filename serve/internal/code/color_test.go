//go:build !minimal

package code

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alecthomas/chroma/v2"

	"github.com/tarpack/tpk/serve/internal/turns"
)

var tag = regexp.MustCompile(`<span class="[a-z]+">([^<>]*)</span>`)

// plain returns the text of what HTML has written, and fails if there is any markup but its own.
func plain(t *testing.T, shown string) string {
	t.Helper()
	text := tag.ReplaceAllString(shown, "$1")
	if strings.ContainsAny(text, "<>") {
		t.Errorf("markup: %.200s", text)
	}
	return html.UnescapeString(text)
}

// slow is a lexer that makes each character a keyword, and takes a time for each.
type slow struct {
	chroma.Lexer
	token time.Duration
	got   int // bytes of all texts
	n     int // tokens
}

func (s *slow) Tokenise(_ *chroma.TokeniseOptions, text string) (chroma.Iterator, error) {
	s.got += len(text)
	return func() chroma.Token {
		time.Sleep(s.token)
		if text == "" {
			return chroma.EOF
		}
		first := text[:1]
		text = text[1:]
		s.n++
		return chroma.Token{Type: chroma.Keyword, Value: first}
	}, nil
}

// TestBudget: a lexer is given up when the time for all texts or for a token is over.
func TestBudget(t *testing.T) {
	text := strings.Repeat("a", 100)
	for _, x := range []struct {
		token time.Duration
		most  int
	}{{0, 300}, {time.Millisecond, 300}, {10 * time.Millisecond, 202}, {100 * time.Millisecond, 22},
		{time.Minute, 1}} {
		synctest.Test(t, func(t *testing.T) {
			s, w, shown := &slow{token: x.token}, NewWork(), 0
			for range 3 {
				shown += w.Color(text, s, func(string, string) {})
			}
			if s.n > x.most || x.most == 300 && (s.n != 300 || shown != 300) {
				t.Errorf("%v a token: %d tokens, at most %d are expected", x.token, s.n, x.most)
			}
		})
	}
}

// TestSums: the limits are those of all texts of a page.
func TestSums(t *testing.T) {
	for name, x := range map[string]struct{ size, times, got int }{
		"bytes": {100_000, 4, maxColored}, "texts": {1, maxTexts + 1, maxTexts},
	} {
		s, w := &slow{}, NewWork()
		text, lines := strings.Repeat("a", x.size), 0
		for range x.times {
			w.Color(text, s, func(part, class string) { lines += len(part) })
		}
		if s.got != x.got || lines != x.got {
			t.Errorf("%s: the lexer got %d bytes, and coloured %d", name, s.got, lines)
		}
	}
	var none *Work
	if got := none.HTML("if <", "go"); got != "if &lt;" {
		t.Error(got)
	}
}

// TestHead: a lexer gets the beginning of a long text, and all of it is shown.
func TestHead(t *testing.T) {
	line := strings.Repeat("ü", 49) + "\n" // 99 bytes
	for name, x := range map[string]struct {
		text string
		want int
	}{
		"short":       {line, 99},
		"exact":       {strings.Repeat("a", maxColored), maxColored},
		"lines":       {strings.Repeat(line, 3000), maxColored / 99 * 99},
		"a long line": {"a" + strings.Repeat("ü", maxColored), maxColored - 1},
	} {
		if got := head(x.text, maxColored); len(got) != x.want || !strings.HasPrefix(x.text, got) {
			t.Errorf("%s: %d bytes, want %d", name, len(got), x.want)
		}
		if shown := NewWork().HTML(x.text, "go"); plain(t, shown) != x.text {
			t.Errorf("%s: the text is not the same", name)
		}
	}
}

// TestNoSlot: texts are shown without colours if others take long; a page waits for a second only.
func TestNoSlot(t *testing.T) {
	defer func(old *turns.Turns) { slots = old }(slots)
	synctest.Test(t, func(t *testing.T) {
		slots = turns.New(1)
		done, err := slots.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s, w, begun := &slow{}, NewWork(), time.Now()
		for range 10 {
			if n := w.Color("a", s, nil); n != 0 || s.got != 0 {
				t.Errorf("%d, %d bytes", n, s.got)
			}
		}
		if took := time.Since(begun); took != waiting {
			t.Errorf("it waited for %v", took)
		}
		done()
		class := ""
		if n := NewWork().Color("a", s, func(_, c string) { class = c }); n != 1 || class != "k" {
			t.Errorf("with a slot: %d, %q", n, class)
		}
	})
}

func TestHTML(t *testing.T) {
	const text = "func f() { return \"</span><b>\" }\n\n// <i>\n"
	for language, want := range map[string]string{
		"":   "func f() { return &#34;&lt;/span&gt;&lt;b&gt;&#34; }\n\n// &lt;i&gt;\n",
		"no": "func f() { return &#34;&lt;/span&gt;&lt;b&gt;&#34; }\n\n// &lt;i&gt;\n",
		"go": `<span class="k">func</span> <span class="f">f</span>() { <span class="k">return</span> ` +
			`<span class="s">&#34;&lt;/span&gt;&lt;b&gt;&#34;</span> }` + "\n\n" +
			`<span class="c">// &lt;i&gt;</span>` + "\n",
	} {
		if got := NewWork().HTML(text, language); got != want {
			t.Errorf("%q: %s\nwant %s", language, got, want)
		}
	}
}
