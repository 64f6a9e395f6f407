package markdown

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"headings", "# A b\n\n# A b\n\nÄ & `c`!\n---\n###### z\n",
			"<h2 id=\"md-a-b\">A b</h2>\n<h2 id=\"md-a-b-1\">A b</h2>\n<h3 id=\"md-ä--c\">Ä &amp; " +
				"<code>c</code>!</h3>\n<h6 id=\"md-z\">z</h6>\n"},
		{"front matter", "---\ntitle: x\n---\ny\n", "<p>y</p>\n"},
		{"tasks", "- [x] a\n- [ ] b\n", "<ul>\n<li class=\"task\">☑ a</li>\n" +
			"<li class=\"task\">☐ b</li>\n</ul>\n"},
		{"table", "|a|b|\n|-|-:|\n|1|2|\n",
			"<div class=\"wide\" tabindex=\"0\"><table>\n<thead>\n<tr>\n<th>a</th>\n" +
				"<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n" +
				"<td align=\"right\">2</td>\n</tr>\n</tbody>\n</table></div>\n"},
		{"strikethrough and autolinks", "~~a~~ https://b.c www.d.e f@g.h\n",
			"<p><del>a</del> <a href=\"https://b.c\">https://b.c</a> " +
				"<a href=\"http://www.d.e\">www.d.e</a> <a href=\"mailto:f@g.h\">f@g.h</a></p>\n"},
		{"code", "```go\na<b\n```\n",
			"<pre tabindex=\"0\"><code class=\"language-go\">a&lt;b\n</code></pre>\n"},
		{"footnote", "a[^1]\n\n[^1]: b\n",
			"<p>a<sup id=\"md-fnref:1\"><a class=\"footnote-ref\" role=\"doc-noteref\" " +
				"href=\"#md-fn:1\">1</a></sup></p>\n<div class=\"footnotes\" role=\"doc-endnotes\">\n" +
				"<hr/>\n<ol>\n<li id=\"md-fn:1\">\n<p>b\u00a0<a class=\"footnote-backref\" " +
				"role=\"doc-backlink\" href=\"#md-fnref:1\">↩︎</a></p>\n</li>\n</ol>\n</div>\n"},
		{"links", "[a](b.md#c) [d](#e) [f](/g) [h](//i/j) [k](mailto:l@m.n)\n",
			"<p><a href=\"b.md#c\">a</a> <a href=\"#md-e\">d</a> <a href=\"/g\">f</a> " +
				"<a href=\"//i/j\">h</a> <a href=\"mailto:l@m.n\">k</a></p>\n"},
		{"places", "<a name=x></a><a name=x></a>\n",
			"<p><a id=\"md-x\"></a><a></a></p>\n"},
		{"pictures", "![a](b.png) ![c](https://d/e.png) ![](f.svg) [![](g.png)](h)\n",
			"<p><img src=\"b.png\" alt=\"a\" loading=\"lazy\"/> <span class=\"alt\">c</span> " +
				"<img src=\"f.svg\" alt=\"\" loading=\"lazy\"/> " +
				"<a href=\"h\"><img src=\"g.png\" alt=\"g.png\" loading=\"lazy\"/></a></p>\n"},
		{"pictures by theme", "<picture><source media=\"(prefers-color-scheme: dark)\" " +
			"srcset=\"a.png 2x, b.png\"><source srcset=\"//c/d.png\"><img src=e.png></picture>",
			"<p><picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"a.png 2x, b.png\"/>" +
				"<img src=\"e.png\" alt=\"\" loading=\"lazy\"/></picture></p>\n"},
		{"HTML", "<p align=center><b onclick=x>a</b>\n\n<details open><summary>b</summary>\n\n*c*\n\n" +
			"</details>\n",
			"<p align=\"center\"><b>a</b>\n</p><details open=\"\"><summary>b</summary>\n<p><em>c</em></p>" +
				"\n</details>\n"},
		{"it stays inside", "</div></main></body><div>\n", "<div>\n</div>"},
		{"not UTF-8", "a\xffb\x00c\n", "<p>a\ufffdb\ufffdc</p>\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Render([]byte(c.in), Options{})
			if string(got) != c.want || err != nil {
				t.Errorf("%v\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}

// What would take long, or much memory, is refused before that.
func TestTooMuch(t *testing.T) {
	full := func(s string) string { return strings.Repeat(s, MaxSize/len(s)) }
	deeper := ""
	for i := range 400 {
		deeper += strings.Repeat(" ", 2*i) + "- a\n"
	}
	bold := ""
	for i := range 450 {
		bold += fmt.Sprintf("<b id=%d>", i)
	}
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"large":            {full("a") + "a", ErrTooLarge},
		"largest":          {full("a"), nil},
		"many lists":       {full("- a\n"), nil},
		"many headings":    {full("# a\n"), nil},
		"a long table":     {"|a|b|\n|-|-|\n" + strings.Repeat("|a|b|\n", 20000), nil},
		"quotes":           {strings.Repeat(">", 300) + "a", ErrTooDeep},
		"lists":            {strings.Repeat("1. - ", 300) + "a", ErrTooDeep},
		"indented lists":   {deeper, ErrTooDeep},
		"emphasis":         {strings.Repeat("*a ", 300) + strings.Repeat(" a*", 300), ErrTooDeep},
		"brackets":         {full("["), ErrTooDeep},
		"links":            {full("[a]("), ErrTooDeep},
		"marks":            {full("a_b*"), ErrTooDeep},
		"marks in heading": {"## " + strings.Repeat("a_b*", 50000), ErrTooDeep},
		"marks in table":   {"|a|\n|-|\n|" + strings.Repeat("a_b*", 50000), ErrTooDeep},
		"code":             {full("`a``b "), ErrTooDeep},
		"columns": {strings.Repeat("|a", 9999) + "\n" + strings.Repeat("|-", 9999) + "\n" +
			strings.Repeat("a\n", 9999), ErrTooDeep},
		"elements":          {full("<div>\n"), ErrTooDeep},
		"footnotes":         {full("[^a]\n\n[^a]: x\n\n"), ErrTooDeep},
		"some footnotes":    {strings.Repeat("[^a]\n\n[^a]: x\n\n", 1000), nil},
		"emphasized links":  {strings.Repeat("**[a](b)**\n\n", 3000), nil},
		"reopened elements": {"<p>" + bold + strings.Repeat("<p>x", 10000), ErrTooDeep},
		"a reopened title": {"<p><b title=" + strings.Repeat("x", 100_000) + ">" +
			strings.Repeat("<p>x", 1000), ErrTooDeep},
		"reopened behind cells": {"<p>" + strings.Repeat("<b title="+strings.Repeat("x", 500)+
			"><table><td></b></table>", 100) + strings.Repeat("<p>x", 10000), ErrTooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Render([]byte(c.in), Options{}); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestBase(t *testing.T) {
	b := Base{Folder: "sub/", Root: "../", View: "?list=view"}
	for _, c := range []struct{ ref, link, picture string }{
		{"a.png", "sub/a.png", "sub/a.png"},
		{"./a b.png", "sub/a%20b.png", "sub/a%20b.png"},
		{"../x/", "sub/../x/", "sub/../x/"},
		{"/docs/x.md#y", "../docs/x.md?list=view#md-y", "../docs/x.md"},
		{"x.MD?raw", "sub/x.MD?raw", "sub/x.MD"},
		{"x.txt#L1", "sub/x.txt#L1", "sub/x.txt"},
		{"///evil.example/x", "../evil.example/x", "../evil.example/x"},
		{`\\evil.example/x`, "sub/%5C%5Cevil.example/x", "sub/%5C%5Cevil.example/x"},
		{"?q=x", "sub/?q=x", ""},
		{"javascript:x", "", ""},
		{"//evil.example", "", ""},
		{"a:b", "", ""},
		{"%zz", "", ""},
		{"./a:b", "sub/a:b", "sub/a:b"},
	} {
		if got := b.Link(c.ref); got != c.link {
			t.Errorf("link %q: %q, want %q", c.ref, got, c.link)
		}
		if got := b.Picture(c.ref); got != c.picture {
			t.Errorf("picture %q: %q, want %q", c.ref, got, c.picture)
		}
	}
	if got := (Base{}).Link("a:b/../c"); got != "" {
		t.Errorf("%q", got)
	}
	if got := (Base{}).Link("/x.md#y"); got != "./x.md#y" {
		t.Errorf("%q", got)
	}
	out, err := Render([]byte("[a](b.md#c) ![](/d.png)"), b.Options(nil))
	want := "<p><a href=\"sub/b.md?list=view#md-c\">a</a> " +
		"<img src=\"../d.png\" alt=\"\" loading=\"lazy\"/></p>\n"
	if string(out) != want || err != nil {
		t.Errorf("%s, %v", out, err)
	}
}

// No document makes a page that is many times as large.
func TestGrowth(t *testing.T) {
	long := strings.Repeat("a", 1000)
	for name, in := range map[string]string{
		"nested headings": strings.Repeat("<h1><div>", 250) + strings.Repeat("a", 100_000),
		"crossed":         "<p><b title=" + long + "><p><b></p></b>" + strings.Repeat("<p>x", 100),
		"same": "<b><b><b><b></b></b></b><p><b title=" + long + "></p></b>" +
			strings.Repeat("<p>x", 100),
		"many blocks": "<b title=" + long + ">" + strings.Repeat("<div>", 9) + "</b>" +
			strings.Repeat("</div>", 9) + strings.Repeat("<p>x", 100),
	} {
		for _, times := range []int{1, 20} {
			in := strings.Repeat(in, times)
			out, err := Sanitize([]byte(in), Options{})
			if most := reopenedMin + 40*len(in); len(out) > most || err != nil && len(out) > 0 {
				t.Errorf("%s: %d bytes became %d, more than %d", name, len(in), len(out), most)
			}
		}
	}
}

func TestLongIDs(t *testing.T) {
	long := strings.Repeat("ä", maxID)
	got, err := Render([]byte("# "+long+"\n\n<a id="+long+"></a><a name="+long+"></a>\n"), Options{})
	want := "<h2 id=\"md-" + long[:startSize] + "\">" + long + "</h2>\n<p><a></a><a></a></p>\n"
	if string(got) != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
