package prose

import (
	"bytes"
	"flag"
	"os"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the texts into testdata")

// TestGolden extracts the documents of testdata/html.txtar. In one of them \0 stands for NUL.
func TestGolden(t *testing.T) {
	const name = "testdata/html.txtar"
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	in, out := txtar.Parse(b), &txtar.Archive{}
	want := map[string]string{}
	for _, f := range in.Files {
		if strings.HasSuffix(f.Name, ".text") {
			want[f.Name] = string(f.Data)
		}
	}
	out.Comment = in.Comment
	for _, f := range in.Files {
		if strings.HasSuffix(f.Name, ".text") {
			continue
		}
		d := Extract(KindOf(f.Name), bytes.ReplaceAll(f.Data, []byte(`\0`), []byte{0}))
		got := d.Title + "\n" + string(d.Text) + "\n"
		if got != want[f.Name+".text"] && !*update {
			t.Errorf("%s:\n%swant\n%s", f.Name, got, want[f.Name+".text"])
		}
		out.Files = append(out.Files, f, txtar.File{Name: f.Name + ".text", Data: []byte(got)})
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKindOf(t *testing.T) {
	for name, want := range map[string]Kind{
		"a/b.html": HTML, "A.HTM": HTML, "x.md": Markdown, "README": Plain, "docs/License": Plain,
		"a.rst": Plain, "a.txt": Plain, "a.js": None, "a.png": None, "html": None,
		"": None, "a/.md": Markdown,
	} {
		if got := KindOf(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestEncodings(t *testing.T) {
	for content, want := range map[string]string{
		"gr\xfc\xdfe":                       "grüße", // windows-1252
		"\xff\xfeg\x00r\x00\xfc\x00":        "grü",   // UTF-16
		"\xef\xbb\xbfabc":                   "abc",
		"<meta charset=koi8-r>\xd4\xc5\xd3": "тес",
	} {
		kind := Plain
		if strings.HasPrefix(content, "<") {
			kind = HTML
		}
		if got := string(Extract(kind, []byte(content)).Text); got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}

// TestLong: a long document is cut off, at a character, and so is a long title.
func TestLong(t *testing.T) {
	d := Extract(HTML, []byte("<title>"+strings.Repeat("é", MaxTitle)+"</title>a"+
		strings.Repeat("é", MaxRead)))
	if len(d.Title) > MaxTitle || len(d.Title) < MaxTitle-1 || !utf8.ValidString(d.Title) {
		t.Errorf("a title of %d bytes", len(d.Title))
	}
	if len(d.Text) > MaxRead || len(d.Text) < MaxRead/2 || bytes.Contains(d.Text, []byte("\ufffd")) {
		t.Errorf("a text of %d bytes that ends in %q", len(d.Text), d.Text[len(d.Text)-4:])
	}
}

// TestDeep: the depth of a page costs nothing.
func TestDeep(t *testing.T) {
	d := Extract(HTML, []byte(strings.Repeat("<div><main>", 200_000)+"text"))
	if string(d.Text) != "text" {
		t.Errorf("%d bytes of text", len(d.Text))
	}
}

// FuzzExtract checks that any content is a document in UTF-8, on one line, without double spaces.
func FuzzExtract(f *testing.F) {
	b, err := os.ReadFile("testdata/html.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range txtar.Parse(b).Files {
		f.Add(path.Ext(file.Name), file.Data)
	}
	f.Fuzz(func(t *testing.T, ext string, content []byte) {
		kind := KindOf("x" + ext)
		d := Extract(kind, content)
		if !utf8.ValidString(d.Title) || !utf8.Valid(d.Text) {
			t.Fatalf("not UTF-8: %q %q", d.Title, d.Text)
		}
		if len(d.Title) > MaxTitle || strings.ContainsAny(d.Title, "\r\n\t") {
			t.Fatalf("title %q", d.Title)
		}
		if bytes.Contains(d.Text, []byte("  ")) || len(d.Text) > 0 && d.Text[0] == ' ' {
			t.Fatalf("spaces: %q", d.Text)
		}
	})
}
