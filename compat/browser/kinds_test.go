package browser

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// evil does something that a test notices, in each way that content could.
const evil = `<script>document.title = "bad"</script>` +
	`<img src=missing.png onerror="document.title='bad'">` +
	`<svg onload="document.title='bad'"></svg><a href="javascript:document.title='bad'">x</a>` +
	`<iframe srcdoc="<script>parent.document.title='bad'</script>"></iframe>` +
	`<style>main { display: none }</style>`

// quoted returns a string of JSON.
func quoted(s string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\x1b", `\u001b`)
	return `"` + escaped.Replace(s) + `"`
}

// pdf is a document of one empty page.
const pdf = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" +
	"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

// laughs is a drawing of 10¹⁰ rectangles, which no browser can draw.
var laughs = func() string {
	s := `<svg xmlns="http://www.w3.org/2000/svg"><g id="a0"><rect width="9" height="9"/></g>`
	for i := range 10 {
		s += fmt.Sprintf(`<g id="a%d">`, i+1) + strings.Repeat(fmt.Sprintf(`<use href="#a%d"/>`, i), 10) +
			"</g>"
	}
	return s + "</svg>"
}()

// wide is the beginning of a picture of 20,000 × 20,000 pixels.
const wide = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x4e\x20\x00\x00\x4e\x20" +
	"\x01\x00\x00\x00\x00\xcb\x0b\x7b\x94"

// kinds returns files of many kinds.
func kinds(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"doc.pdf": pdf, "tone.wav": string(tone()),
		"broken.png": "\x89PNG\r\n\x1a\n\x00\x00\x00",
		"drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200">` +
			`<rect width="320" height="200" rx="30" fill="#2a6"/><circle cx="160" cy="100" r="70" ` +
			`fill="#fff8"/><script>document.title = "bad"</script></svg>`,
		"broken.mp4":   "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x01",
		"broken.woff2": "wOF2\x00 no font",
		"page.html":    "<!doctype html><title>x</title><p>A page.</p>" + evil,
		"data.json": `{"name": "tpk", "big": 123456789012345678901234567890, "ratio": 1.50,
 "nested": {"list": [1, [2, 3], {"a": null, "b": true}], "empty": {}, "none": []}, ` +
			quoted(evil) + `: ` + quoted(evil) + `, "many": [` + strings.Repeat("0, ", 400) + `0]}`,
		"bad.json": "{\n  \"a\": 1,\n  \"b\": ]\n}\n",
		"lines.jsonl": strings.Repeat(
			`{"time": "2026-03-14T09:26:53Z", "level": "info", "status": 200}`+"\n", 200),
		"guide.md": "# A guide\n\nBegin *here*, with `code` and [the data](data.json).\n\n" +
			"![drawing](drawing.svg)\n\n| a | b |\n|---|--:|\n| x | 1 |\n\n```go\nfunc main() {}\n```\n\n" +
			"- [x] done\n- [ ] to do\n\n> A quote.\n\n" + evil + "\n",
	}
	for name, from := range map[string]string{"photo.png": "photo.png", "clip.webm": "clip.webm",
		"letters.woff2": "letters.woff2"} { // a part of Roboto, Apache-2.0
		b, err := os.ReadFile("testdata/" + from)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(b)
	}
	rows := "id;name;price;note\n"
	for i := range 1500 {
		rows += fmt.Sprintf("%d;Item %d;%d,%02d;\"some; text\"\n", i+1, i+1, i%90+1, i%100)
	}
	files["sales.csv"] = rows
	files["small.csv"] = "city,inhabitants,country\nK\xf6ln,1084831,Germany\n" +
		"Z\xfcrich,443037,Switzerland\nGraz,302749\n\"" + strings.ReplaceAll(evil, `"`, `""`) + "\",1,x\n"
	files["lol.svg"], files["wide.png"] = laughs, wide
	files["half.png"] = files["photo.png"][:len(files["photo.png"])/2]
	files["odd.ipynb"] = strings.Replace(notebook(files["photo.png"]), `"cells": [`,
		`"cells": ["no cell", {"cell_type": "code", "source": "x", "outputs": [7]},`, 1)
	files["deep.md"] = strings.Repeat(">", 300) + " deep " + evil + "\n"
	files["work.ipynb"] = notebook(files["photo.png"])
	return files
}

// notebook returns a notebook with outputs of all kinds.
func notebook(photo string) string {
	return `{"nbformat": 4, "metadata": {"language_info": {"name": "python"}}, "cells": [
	{"cell_type": "markdown", "source": ["# A notebook\n", "With *text*.\n\n", ` + quoted(evil) + `]},
	{"cell_type": "code", "execution_count": 1,
	 "source": "import pandas as pd\n\nfor i in range(3):\n    print(i)",
	 "outputs": [{"output_type": "stream", "name": "stdout", "text": "0\n1\n2\n"},
	 {"output_type": "stream", "name": "stderr", "text": "a warning\n"}]},
	{"cell_type": "code", "execution_count": 2, "source": "frame", "outputs": [
	 {"output_type": "execute_result", "data": {"text/plain": "frame", "text/html": ` +
		quoted(`<div><style scoped>.x { color: red }</style><table border="1" class="dataframe">`+
			`<thead><tr><th>n</th><th>name</th></tr></thead><tbody>`+
			`<tr><th>0</th><td>x</td></tr></tbody></table></div>`+evil) + `}}]},
	{"cell_type": "code", "execution_count": 3, "source": "plot()", "outputs": [
	 {"output_type": "display_data", "data": {"image/png": ` +
		quoted(base64.StdEncoding.EncodeToString([]byte(photo))) + `, "text/plain": "<Figure>"}},
	 {"output_type": "display_data", "data": {"image/svg+xml": ` +
		quoted(`<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60">`+
			`<circle cx="30" cy="30" r="25" fill="#26a"/>`+
			`<script>document.title = "bad"</script></svg>`) + `}}]},
	{"cell_type": "code", "execution_count": 4, "source": "1/0", "outputs": [
	 {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero",
	  "traceback": [` +
		quoted("\x1b[0;31mZeroDivisionError\x1b[0m: division by zero <b>x</b>") + `]}]}]}`
}

// view opens the page of a file, and checks what all such pages promise.
func (p *tab) view(url, name string) {
	p.t.Helper()
	p.run(chromedp.Navigate(url+"/"+name+"?list=view"), chromedp.WaitReady(chromedp.CSS("main")))
	p.until(done)
	if title := eval[string](p, `document.title`); title == "bad" || !strings.HasPrefix(title, name) {
		p.t.Errorf("%s has the title %q", name, title)
	}
	if eval[bool](p, `!!document.querySelector("#file :is(script, iframe, style, [onload], `+
		`[onerror], a[href^='javascript:'])") || document.querySelector("main").offsetHeight == 0`) {
		p.t.Errorf("%s: content has become a part of the page", name)
	}
	// Nothing is wider than the page.
	if eval[bool](p, `document.documentElement.scrollWidth > innerWidth + 1`) {
		p.t.Errorf("%s is wider than the window", name)
	}
}

// notDrawn is true of the page of a picture that is not shown at once.
const notDrawn = `!document.querySelector("#file img") && document.querySelector("#file .empty a")`

// TestKinds: each kind of file has its page, in every look.
func TestKinds(t *testing.T) {
	url := serveArchive(t, false, packSite(t, kinds(t)))
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			for _, c := range []struct{ name, ready string }{
				{"sales.csv", `document.querySelectorAll(".csv tbody tr").length == 1000`},
				{"small.csv", `document.querySelector("#R1 td").textContent == "Köln"`},
				{"data.json", `document.querySelector(".json-tools")`},
				{"bad.json", `document.querySelector(".because a").hash == "#L3"`},
				{"lines.jsonl", `document.querySelectorAll(".json .glance").length > 20`},
				{"guide.md", `document.querySelector(".md pre .k") &&
					document.querySelector(".md table") && document.querySelector(".md img")`},
				{"work.ipynb", `document.querySelector(".notebook .source .k") &&
					[...document.querySelectorAll(".notebook img")].length >= 2`},
				{"odd.ipynb", `document.querySelectorAll(".cell.odd, .out.odd").length == 2 &&
					document.querySelectorAll(".cell").length == 7`},
				{"deep.md", `document.querySelector(".because") && document.querySelector("#L1")`},
				{"photo.png", `!document.querySelector(".failed") &&
					document.querySelector(".zoom output").textContent.includes("%")`},
				{"drawing.svg", `document.querySelector(".zoom output").textContent.startsWith("320 × 200")`},
				{"lol.svg", notDrawn},
				{"wide.png", notDrawn},
				{"half.png", `document.querySelector(".zoom output").textContent.includes("%") &&
					document.querySelector(".failed")?.textContent.startsWith("The end of this file")`},
				{"broken.png", `document.querySelector("#file .empty")`},
				{"doc.pdf", `document.querySelector("object")`},
				{"tone.wav", `document.querySelector("audio").duration == 10`},
				{"clip.webm", `document.querySelector("video").videoWidth > 0`},
				{"broken.mp4", `document.querySelector("#file .empty")`},
				{"letters.woff2", `!document.querySelector(".specimen").hidden && document.fonts.size == 1`},
				{"broken.woff2", `document.querySelector("#file .empty")`},
				{"page.html", `document.querySelector("#file").textContent.includes("A page.")`},
			} {
				t.Run(c.name, func(t *testing.T) {
					p := newTab(t, l)
					p.expectLog("missing.png")
					p.expectLog("broken.woff2")
					p.view(url, c.name)
					p.until(c.ready)
					// So many cells as those of sales.csv take axe-core half a minute.
					if c.name != "sales.csv" && !isAccessible("kinds", "/"+c.name+"?list=view") {
						axe(p)
					}
					p.picture(l.name + "-" + c.name)
				})
			}
		})
	}
}
