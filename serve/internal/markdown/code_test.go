package markdown

import (
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/code"
)

// TestCode: blocks of code that name a language are coloured, and nothing else is.
func TestCode(t *testing.T) {
	const block = "<pre tabindex=\"0\"><code class=\"language-go\">"
	for _, c := range []struct{ in, want string }{
		{"```go\nreturn \"<b>\"\n```\n", block + `<span class="k">return</span> ` +
			`<span class="s">&#34;&lt;b&gt;&#34;</span>` + "\n</code></pre>\n"},
		{"~~~ go title=x\nreturn\n~~~\n", block + `<span class="k">return</span>` +
			"\n</code></pre>\n"},
		{"<pre><code class=language-go>return</code></pre>", block +
			`<span class="k">return</span></code></pre>`},
		{"<pre><code class=language-go><b class=k>return</b></code></pre>", block +
			"<b>return</b></code></pre>"},
		{"<code class=language-go>return</code>",
			"<p><code class=\"language-go\">return</code></p>\n"},
		{"```klingon\nreturn\n```\n", strings.Replace(block, "go", "klingon", 1) +
			"return\n</code></pre>\n"},
		{"    return\n", "<pre tabindex=\"0\"><code>return\n</code></pre>\n"},
		{"<pre><code class=\"language-go k\">return</code></pre>",
			"<pre tabindex=\"0\"><code>return</code></pre>"},
		{"<span class=k>a</span>", "<p><span>a</span></p>\n"},
	} {
		out, err := Render([]byte(c.in), Base{}.Options(code.NewWork()))
		if got := string(out); got != c.want || err != nil {
			t.Errorf("%q: %s, %v\nwant %s", c.in, got, err, c.want)
		}
	}
	many := strings.Repeat("```go\nreturn\n```\n", 3000)
	out, err := Render([]byte(many), Options{Code: code.NewWork()})
	if n := strings.Count(string(out), "<span"); err != nil || n != 2000 {
		t.Errorf("%d of 3000 blocks are coloured, %v", n, err)
	}
	out, err = Render([]byte(many), Options{})
	if err != nil || strings.Contains(string(out), "<span") {
		t.Errorf("without Code: %v", err)
	}
}
