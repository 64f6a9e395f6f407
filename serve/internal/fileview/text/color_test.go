package text

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alecthomas/chroma/v2"

	"github.com/tarpack/tpk/serve/internal/turns"
)

// slow is a lexer that makes each character a keyword, and takes a time for each.
type slow struct {
	chroma.Lexer
	token time.Duration
	got   int // bytes of the last text
	n     int // tokens
}

func (s *slow) Tokenise(_ *chroma.TokeniseOptions, text string) (chroma.Iterator, error) {
	s.got = len(text)
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

// TestBudget: a lexer is given up when the time for a text or for a token is over.
func TestBudget(t *testing.T) {
	text := strings.Repeat("a", 100)
	for _, x := range []struct {
		token time.Duration
		most  int
	}{{0, 100}, {time.Millisecond, 100}, {100 * time.Millisecond, 21}, {time.Minute, 1}} {
		synctest.Test(t, func(t *testing.T) {
			s := &slow{token: x.token}
			shown, _ := highlight(text, s)
			if s.n > x.most || x.most == 100 && s.n != 100 {
				t.Errorf("%v a token: %d tokens, at most %d are expected", x.token, s.n, x.most)
			}
			if got := plainText(t, shown); got != text+"\n" {
				t.Errorf("%v a token: %q", x.token, got)
			}
		})
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
		s := &slow{}
		if got := head(x.text); len(got) != x.want || !strings.HasPrefix(x.text, got) {
			t.Errorf("%s: %d bytes, want %d", name, len(got), x.want)
		}
		shown, _ := highlight(x.text, s)
		if want := strings.TrimSuffix(x.text, "\n") + "\n"; plainText(t, shown) != want {
			t.Errorf("%s: the text is not the same", name)
		}
		if s.got != x.want {
			t.Errorf("%s: the lexer got %d bytes, want %d", name, s.got, x.want)
		}
	}
}

// TestNoSlot: a text is shown without colours if the others take long.
func TestNoSlot(t *testing.T) {
	defer func(old turns.Turns) { slots = old }(slots)
	synctest.Test(t, func(t *testing.T) {
		slots = make(turns.Turns, 1)
		slots <- struct{}{}
		s := &slow{}
		if shown, _ := highlight("a", s); plainText(t, shown) != "a\n" || s.got != 0 {
			t.Errorf("%q, %d bytes", shown, s.got)
		}
		<-slots
		if shown, _ := highlight("a", s); !strings.Contains(shown, `<span class="k">`) {
			t.Errorf("with a slot: %q", shown)
		}
	})
}
