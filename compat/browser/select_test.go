package browser

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// watchDownload keeps the page where it is, and notes where the selection would lead.
const watchDownload = `window.went = null; navigation.addEventListener("navigate", (event) => {
	if (!event.destination.url.includes("download=")) return
	window.went = event.destination.url
	event.preventDefault()
}); 0`

// box is the selector of the box of a row.
func box(href string) string { return `tr:has(a[href="` + href + `"]) input` }

// zipAt downloads a zip and returns the names in it, without slashes at their ends.
func zipAt(t *testing.T, url string) []string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || resp.ContentLength != int64(len(b)) {
		t.Fatalf("%s: %d, %d of %d bytes, %v", url, resp.StatusCode, len(b), resp.ContentLength, err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, strings.TrimSuffix(f.Name, "/"))
	}
	slices.Sort(names)
	return names
}

// TestSelect chooses rows by mouse and keyboard, and downloads them.
func TestSelect(t *testing.T) {
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			p := open(t, l, "/")
			eval[int](p, watchDownload)
			if eval[bool](p, `document.querySelector(".picked").checkVisibility()`) {
				t.Error("there is a bar without a selection")
			}
			p.click(box("./docs/"))
			eval[int](p, `document.querySelector("a[href='./README']").scrollIntoView({block: "center"}); 0`)
			p.click(box("./README"))
			p.until(`document.querySelector(".picked output").value.startsWith("2 selected, ") &&
				[...document.querySelectorAll(".picked small")].every(s => s.textContent)`)
			if !eval[bool](p, `document.querySelector("[aria-label='Select README']") != null`) {
				t.Error("the box does not name its row")
			}
			axe(p)
			p.picture(l.name + "-select")
			p.click(`.picked [value=zip]`)
			p.until(`went`)
			names := zipAt(t, eval[string](p, `went`))
			if !slices.Contains(names, "docs/guide.md") || !slices.Contains(names, "README") ||
				slices.Contains(names, "LICENSE") {
				t.Errorf("%q", names)
			}
			p.click(".picked [type=reset]")
			p.until(`!document.querySelector("#pick :checked") &&
				!document.querySelector(".picked").checkVisibility()`)
		})
	}
}

// TestSelectRange: Shift chooses a range, the box in the head all rows, and x the row with the
// focus. A filter keeps what is chosen.
func TestSelectRange(t *testing.T) {
	p := open(t, desktop, "/docs/")
	chosen := func() []string {
		return eval[[]string](p, `[...document.querySelectorAll("tr:has(:checked) td.name a")]
			.map(a => a.textContent)`)
	}
	all := p.names()
	eval[int](p, `document.querySelectorAll("td.name input")[0].click(); 0`)
	eval[bool](p, `document.querySelectorAll("td.name input")[2].dispatchEvent(
		new MouseEvent("click", {bubbles: true, shiftKey: true}))`)
	if got := chosen(); !slices.Equal(got, all[:3]) {
		t.Errorf("a range: %q of %q", got, all)
	}
	p.click("#all")
	p.click(box("./guide.md"))
	if !eval[bool](p, `document.getElementById("all").indeterminate`) {
		t.Error("some rows look like none or all")
	}
	p.click(box("./guide.md"))
	p.until(`!document.querySelector("#pick :checked")`)
	p.click("#all")
	if got := chosen(); !slices.Equal(got, all) {
		t.Errorf("all: %q of %q", got, all)
	}
	p.click("#all")
	p.until(`!document.querySelector("#pick :checked")`)
	p.press("ArrowDown", "ArrowDown")
	p.press("ArrowDown", "ArrowDown")
	p.key("x")
	p.until(`document.querySelectorAll("td.name input:checked").length == 1`)
	first := chosen()
	p.click("#filter")
	p.key("guide")
	p.until(`document.querySelectorAll("tbody tr").length == 1`)
	p.until(`document.querySelector(".picked").checkVisibility()`)
	p.click("#filter")
	eval[int](p, `document.getElementById("filter").select(); 0`)
	p.key("\b")
	p.until(`document.querySelectorAll("tbody tr").length > 1`)
	p.until(`document.querySelectorAll("td.name input:checked").length == 1`)
	if got := chosen(); !slices.Equal(got, first) {
		t.Errorf("after a filter: %q, before %q", got, first)
	}
}

// TestSelectHits chooses among the results of a search.
func TestSelectHits(t *testing.T) {
	p := open(t, desktop, "/docs/?list&q=types")
	eval[int](p, watchDownload)
	p.run(chromedp.WaitReady(chromedp.CSS("#pick")))
	p.click("#all")
	p.until(`document.querySelector(".picked").checkVisibility()`)
	p.click(`.picked [value=zip]`)
	p.until(`went`)
	want := p.names()
	for _, name := range zipAt(t, eval[string](p, `went`)) {
		if !slices.ContainsFunc(want, func(w string) bool {
			return strings.HasPrefix(w, name) || strings.HasPrefix(name, w)
		}) {
			t.Errorf("%q is no hit: %q", name, want)
		}
	}
}

// TestSelectWithoutScript: the boxes are a form.
func TestSelectWithoutScript(t *testing.T) {
	p := open(t, desktop, "/docs/")
	call(p, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("tbody")))
	p.click(box("./guide.md"))
	p.run(chromedp.WaitVisible(chromedp.CSS(".picked")))
	p.picture("desktop-select-plain")
	url := eval[string](p, `(form => new URL("?" + new URLSearchParams(
		new FormData(form, form.querySelector("[value=zip]"))), form.action).href)(
		document.getElementById("pick"))`)
	if got := zipAt(t, url); !slices.Equal(got, []string{"guide.md"}) {
		t.Errorf("%s: %q", url, got)
	}
}
