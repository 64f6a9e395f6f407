package serve_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestCompareEnds: texts that differ in how their lines end, in their length, or that one side does
// not have.
func TestCompareEnds(t *testing.T) {
	dir := t.TempDir()
	old := files{"crlf.txt": "one\r\ntwo\r\n", "end.txt": "one\ntwo",
		"mixed.txt": "one\r\ntwo\nthree\r\n",
		"gone.txt":  "one was\ntwo\n", "goneend.txt": "one", "emptied.txt": "one\n", "type": "text\n",
		"to-link": "text\n", "bom.txt": "one\n", "huge.txt": strings.Repeat("a line\n", 100<<20/7),
		"huge.bin": "x", "cr.txt": "one\rtwo\r", "nul.txt": "one\n", "folder/x": "x"}
	now := files{"crlf.txt": "one\ntwo\n", "end.txt": "one\ntwo\n", "mixed.txt": "one\ntwo\n3\n",
		"added.txt": "one\ntwo\n", "emptied.txt": "", "type/x": "x", "to-link": "-> crlf.txt",
		"bom.txt": "\ufeffone\n", "huge.txt": strings.Repeat("a line\n", 100<<20/7) + "end\n",
		"huge.bin": noise(3 << 20), "cr.txt": "one\ntwo\n",
		"nul.txt": "one\x00 and more words\n", "folder": "a file\n"}
	c := clients(t, listed(
		serve.Archive{Path: old.pack(t, filepath.Join(dir, "1.tar.gz")), Mount: "/1"},
		serve.Archive{Path: now.pack(t, filepath.Join(dir, "2.tar.gz")), Mount: "/2"}))[0]
	same, large := "The text is the same. How it is encoded", "Files of more than 1.0 MB"
	for file, want := range map[string]struct {
		page  string
		edits int // in JSON
	}{
		"crlf.txt":    {same, 0},
		"end.txt":     {same, 0},
		"bom.txt":     {same, 0},
		"mixed.txt":   {`<ins data-n="3">`, 1},
		"gone.txt":    {`<del data-n="2">two</del>`, 1},
		"goneend.txt": {`<del data-n="1">one</del>`, 1},
		"added.txt":   {`<ins data-n="1">one</ins>`, 1},
		"emptied.txt": {`<del data-n="1">one</del>`, 1},
		"type":        {"<main", 0},
		"to-link":     {"crlf.txt", 0},
		"folder":      {"<main", 0},
		"huge.txt":    {large, 0},
		"huge.bin":    {large, 0},
		"cr.txt":      {"<ins", 1},
		"nul.txt":     {"not text", 0},
	} {
		for _, query := range []string{"/1/?list=compare&with=/2&file=",
			"/2/?list=compare&with=/1&file="} {
			resp, body := c.do(t, "GET", query+file)
			page := want.page
			if strings.HasPrefix(query, "/2") {
				page = strings.NewReplacer("del", "ins", "ins", "del").Replace(page)
			}
			if resp.StatusCode != 200 || !strings.Contains(body, page) {
				t.Errorf("%s: %s without %q: %s", query+file, resp.Status, page,
					body[max(strings.Index(body, "<main"), 0):])
			}
			_, body = c.do(t, "GET", query+file+"&format=json")
			var j struct{ Edits []struct{ Old, New [2]int } }
			if err := json.Unmarshal([]byte(body), &j); err != nil || len(j.Edits) != want.edits {
				t.Errorf("%s: %v: %s", query+file, err, body)
			}
		}
	}
	for target, want := range map[string]int{
		"/1/?list=compare&with=/1&file=crlf.txt": 200, "/1/?list=compare&with=/1": 200,
		"/1/?list=compare&with=/2/folder": 404, "/1/folder/?list=compare&with=/2": 200,
		"/2/folder/?list=compare&with=/1": 404, "/1/?list=compare&with=": 200,
		"/1/?list=compare&with=/2&file=": 200, "/1/?list=compare&with=/2&file=/crlf.txt": 404,
		"/1/?list=compare&with=/2&file=folder/": 404, "/1/?list=compare&with=/2&file=.": 404,
		"/1/?list=compare&with=/1/to-link": 404, "/2/?list=compare&with=/2/to-link": 404,
	} {
		if resp, _ := c.do(t, "GET", target); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, resp.StatusCode, want)
		}
	}
}
