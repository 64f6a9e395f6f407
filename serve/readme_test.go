package serve_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestReadmeChoice: which file of a folder is its README.
func TestReadmeChoice(t *testing.T) {
	dir := t.TempDir()
	tree := files{
		"all/README.md": "best", "all/README.rst": "x", "all/README.txt": "x", "all/README": "x",
		"all/readme.markdown": "x", "case/ReadMe.TXT": "*best*", "none/README.html": "x",
		"none/README.md.bak": "x", "none/READMEE": "x", "rst/README": "x", "rst/README.RST": "*best*",
		"two/README.md": "best", "two/readme.md": "x", "folder/README.md/x": "x",
		"folder/README.txt": "*best*", "hidden/README.md": "secret", "hidden/README": "*best*",
		"below/.x/README.md": "secret", "below/y": "y", "none/README.md": "-> nowhere",
		"rst/readme.md": "-> ../none", "below/readme.txt": "-> .x/README.md",
	}
	tree.write(t, dir)
	archive := tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, o := range []serve.Options{{Archives: []serve.Archive{{Path: archive}}}, {Fallback: dir}} {
		o.Listing, o.HideMore = true, []string{"hidden/README.md"}
		r := start(t, o)
		for folder, want := range map[string]bool{"all": true, "case": true, "none": false,
			"rst": true, "two": true, "folder": true, "hidden": true, "below": false} {
			_, list := fetch(t, plainClient, r.url("/"+folder+"/"))
			status, body := fetch(t, plainClient, r.url("/"+folder+"/?list=readme"))
			if shown := strings.Contains(list, `data-load="./?list=readme"`); shown != want {
				t.Errorf("%s: below the list: %v", folder, shown)
			}
			if status == 200 != want || strings.Contains(body, "best") != want ||
				strings.Contains(list+body, "secret") {
				t.Errorf("%s: %d %s", folder, status, body)
			}
			if want && strings.Contains(body, "*best*") != (folder != "all" && folder != "two") {
				t.Errorf("%s: text is as it is: %s", folder, body)
			}
			for _, query := range []string{"?q=e", "?filter=e", "?offset=1", "?format=json"} {
				_, body := fetch(t, plainClient, r.url("/"+folder+"/"+query))
				if strings.Contains(body, "readme\"") {
					t.Errorf("%s%s has the README", folder, query)
				}
			}
		}
	}
}

// TestReadmePage: where references lead, by mounts and symbolic links, and what is too large.
func TestReadmePage(t *testing.T) {
	archive := files{
		"README.md": "# A\n\n[b](b.md#c) ![d](d/e.png) [f](/g) [h](https://i.example/) " +
			"<b onclick=x>",
		"real/sub/x.md":   "[y](y.txt) ![z](../z.png)",
		"large/readme.md": strings.Repeat("A line of *text*.\n", 40000), "latin/README.txt": "caf\xe9",
		"cut/README": strings.Repeat("ä", 100000), "empty/README.md": "",
		"deep/README.md":  strings.Repeat("> ", 500) + "x",
		"wide/README.txt": "\xff\xfea\x00b\x00",
		"real/README.md":  "-> sub/x.md", "link": "-> real/sub",
	}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, c := range clients(t, serve.Options{Listing: true,
		Archives: []serve.Archive{{Path: archive, Mount: "/m/n"}}}) {
		for folder, parts := range map[string][]string{
			"": {`<h2 id="md-a">A</h2>`, `href="./b.md?list=view#md-c"`, `src="./d/e.png"`,
				`href="../../m/n/g"`, `href="https://i.example/"`, "<b></b>",
				`<a href="./README.md?list=view">`},
			"real/": {`href="../../../m/n/real/sub/y.txt"`, `src="../../../m/n/real/sub/../z.png"`},
			"large/": {"A line of *text*.", "The beginning of a larger file",
				`<a href="./readme.md?list=view">Open`},
			"latin/": {"café"}, "cut/": {"äää</pre>", "The beginning of a larger file"},
			"empty/": {`id="readme"`}, "deep/": {"<pre>&gt; &gt; "}, "wide/": {"<pre>ab</pre>"},
		} {
			target := "/m/n/" + folder + "?list=readme"
			resp, body := c.do(t, "GET", target)
			for _, part := range parts {
				if resp.StatusCode != 200 || !strings.Contains(body, part) {
					t.Fatalf("%s %s: %d without %s:\n%.3000s", c.name, target, resp.StatusCode, part, body)
				}
			}
			again, _ := c.do(t, "GET", target, "If-None-Match: "+resp.Header.Get("ETag"))
			head, text := c.do(t, "HEAD", target)
			zipped, _ := c.do(t, "GET", target, "Accept-Encoding: gzip")
			if again.StatusCode != 304 || head.StatusCode != 200 || text != "" ||
				head.Header.Get("Content-Length") != fmt.Sprint(len(body)) ||
				zipped.Header.Get("Content-Encoding") != "gzip" ||
				zipped.Header.Get("ETag") == resp.Header.Get("ETag") {
				t.Errorf("%s %s: %v %v %v", c.name, target, again, head, zipped)
			}
		}
	}
}

// TestReadmeSources: READMEs of archives of every kind.
func TestReadmeSources(t *testing.T) {
	tree := files{"README.md": "*best*", "d/a": "a", "d/README.rst": "best"}
	first, _ := tree.packShards(t, filepath.Join(t.TempDir(), "set.tar.gz"), 3)
	signed, trust := packSigned(t, tree)
	plain := t.TempDir()
	tree.pack(t, filepath.Join(plain, "pack.tar.gz"))
	far := newStorage(t)
	far.put(t, tree)
	over := files{"README.md": "*best*"}.pack(t, filepath.Join(t.TempDir(), "over.tar.gz"))
	under := files{"README.md": "other", "readme.markdown": "other", "d/README.rst": "best"}.pack(t,
		filepath.Join(t.TempDir(), "under.tar.gz"))
	for name, o := range map[string]serve.Options{
		"set":    {Archives: []serve.Archive{{Path: first}}},
		"signed": {Archives: []serve.Archive{{Path: signed}}, Trust: trust},
		"nested": {Fallback: plain, Nested: true},
		"remote": {Archives: []serve.Archive{far.open("/a.tar.gz", nil)}},
		"two":    {Archives: []serve.Archive{{Path: over}, {Path: under}}},
	} {
		t.Run(name, func(t *testing.T) {
			o.Listing, o.NoDownload = true, true
			r := start(t, o)
			for folder, want := range map[string]string{"/": "<p><em>best</em></p>",
				"/d/": "<pre>best</pre>"} {
				_, list := fetch(t, plainClient, r.url(folder))
				status, body := fetch(t, plainClient, r.url(folder+"?list=readme"))
				if status != 200 || !strings.Contains(body, want) ||
					!strings.Contains(list, `id="readme"`) {
					t.Errorf("%s: %d %s", folder, status, body)
				}
			}
		})
	}
	o := serve.Options{Archives: []serve.Archive{{Path: over}}}
	if _, body := fetch(t, plainClient, start(t, o).url("/?list=readme")); strings.Contains(body,
		"best") {
		t.Errorf("without lists: %s", body)
	}
}
