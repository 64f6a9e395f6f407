package serve_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestViewReasons: a file that can't be shown in its own way is shown as text, below the reason.
func TestViewReasons(t *testing.T) {
	deep := strings.Repeat(">", 300) + " the text\n"
	odd := `{"nbformat":4,"cells":[{"cell_type":"markdown","source":"first <object>"},"o<object>dd",` +
		`{"cell_type":"code","source":"last <object>","outputs":["o<object>ut"]}]}`
	name := files{"deep.md": deep, "sub/README.md": deep,
		"marks.md": strings.Repeat("[", 20_000) + "<object>",
		"rows.csv": "\n\n", "odd.ipynb": odd, "cut.ipynb": odd[:100] + "\n",
		"old.ipynb": `{"nbformat":2,"worksheets":[]}`, "bom.ipynb": "\ufeff" + odd,
		"large/README.md": strings.Repeat("the text\n", 60_000),
	}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	c := clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}, Listing: true})[0]
	for _, x := range []struct {
		target, english, german string
		text                    string // is in the page, too
	}{
		{"/deep.md?list=view", "nested too deeply", "zu tief verschachtelte", "&gt;&gt;&gt;"},
		{"/marks.md?list=view", "too much markup", "zu viele", "[[[["},
		{"/sub/?list=readme", "nested too deeply", "zu tief verschachtelte", "&gt;&gt;&gt;"},
		{"/large/?list=readme", "too large to be rendered", "zu groß", "the text"},
		{"/rows.csv?list=view", "There are no rows", "keine Zeilen", "class=\"line\""},
		{"/odd.ipynb?list=view", "This cell is malformed", "Diese Zelle ist fehlerhaft", "first "},
		{"/odd.ipynb?list=view", "This output is malformed", "Diese Ausgabe ist fehlerhaft",
			"last &lt;object&gt;"},
		{"/odd.ipynb?list=view", "3 cells", "3 Zellen", "o&lt;object&gt;dd"},
		{"/bom.ipynb?list=view", "3 cells", "3 Zellen", "o&lt;object&gt;dd"},
		{"/cut.ipynb?list=view", "This is no valid JSON", "Das ist kein gültiges JSON", `href="#L2"`},
		{"/cut.ipynb?list=view", "unexpected end", "unexpected end", "first &lt;object&gt;"},
		{"/old.ipynb?list=view", "no notebook of nbformat 3 or 4", "kein Notebook", "worksheets"},
	} {
		for language, want := range map[string]string{"en": x.english, "de": x.german} {
			resp, body := c.do(t, "GET", x.target, "Accept-Language: "+language)
			if resp.StatusCode != 200 || !strings.Contains(body, want) ||
				!strings.Contains(body, x.text) || strings.Contains(body, "<object>") {
				t.Errorf("%s, %s: %d, %q or %q is not in\n%.3000s", x.target, language, resp.StatusCode,
					want, x.text, body)
			}
		}
	}
}
