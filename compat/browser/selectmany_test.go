package browser

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const many = 20_000 // files in the folder many: 40 pages

// serveMany serves a folder of many files, and returns the address.
func serveMany(t *testing.T) string {
	t.Helper()
	tree := map[string]string{"many/sub/x.txt": "x", "other.txt": "o"}
	for i := range many {
		tree[fmt.Sprintf("many/%05d.txt", i)] = fmt.Sprint(i % 100)
	}
	return serveSite(t, false, tree)
}

// download clicks on a button of the bar and returns where it leads.
func (p *tab) download(css string) string {
	p.t.Helper()
	eval[int](p, `window.went = null; 0`)
	p.click(css)
	p.until(`went`)
	return eval[string](p, `went`)
}

// TestSelectMany chooses among 20,000 files. The addresses of their downloads are short enough for
// servers and proxies.
func TestSelectMany(t *testing.T) {
	url := serveMany(t)
	t.Run("folder", func(t *testing.T) { selectInFolder(t, url) })
	t.Run("hits", func(t *testing.T) { selectHits(t, url) })
	t.Run("too many", func(t *testing.T) { selectTooMany(t, url) })
}

// selectInFolder chooses all files, and every second one.
func selectInFolder(t *testing.T, url string) {
	p := newTabFor(t, desktop, 4*time.Minute)
	p.run(chromedp.Navigate(url+"/many/"), chromedp.WaitReady(chromedp.CSS("main")))
	eval[int](p, watchDownload)
	check := func(want int, chosen func(name string) bool) {
		t.Helper()
		for _, format := range []string{"zip", "tar.gz"} {
			at := p.download(fmt.Sprintf(`.picked [value="%s"]`, format))
			t.Logf("%d: %d characters", want, len(at))
			if len(at) > 8000 {
				t.Errorf("%d: %d characters", want, len(at))
			}
			if format == "tar.gz" {
				if resp, err := http.Head(at); err != nil || resp.StatusCode != 200 {
					t.Errorf("%v, %v", resp, err)
				}
				continue
			}
			names := zipAt(t, at)
			if len(names) != want {
				t.Errorf("%d names, want %d", len(names), want)
			}
			if k := slices.IndexFunc(names, func(name string) bool { return !chosen(name) }); k >= 0 {
				t.Errorf("%q was not chosen", names[k])
			}
		}
	}
	selected := func(n string) {
		t.Helper()
		p.until(`document.querySelector(".picked output").value.startsWith("` + n + ` selected, ") &&
			[...document.querySelectorAll(".picked small")].every(s => s.textContent)`)
	}
	if eval[bool](p, `document.querySelector("[data-every]").checkVisibility()`) {
		t.Error("all are offered before the page's are chosen")
	}
	p.click("#all")
	selected("500")
	axe(p)
	p.picture("desktop-select-every")
	p.click("[data-every]")
	selected("20,001")
	check(many+2, func(string) bool { return true })

	// Every second one: five filters, one after the other.
	p.click(".picked [type=reset]")
	p.until(`!document.querySelector(".picked").checkVisibility()`)
	for k, digit := range "02468" {
		eval[int](p, `document.getElementById("filter").focus(),
			document.getElementById("filter").select(), 0`)
		p.key(fmt.Sprintf("*%c.txt", digit))
		p.until(fmt.Sprintf(`document.querySelector("tbody a").textContent == "0000%c.txt" &&
			document.querySelector("tbody tr:nth-child(2) a").textContent == "0001%[1]c.txt"`, digit))
		p.click("#all")
		p.click("[data-every]")
		selected(fmt.Sprintf("%d,000", 2*k+2))
	}
	even := func(name string) bool { return strings.Contains("02468", name[4:5]) }
	check(many/2, even)

	// What is chosen stays so on another page of the list, and in another order.
	p.run(chromedp.Navigate(url+"/many/?list&sort=date&offset=500"),
		chromedp.WaitReady(chromedp.CSS("#pick")))
	eval[int](p, watchDownload)
	selected("10,000")
	check(many/2, even)

	// The commands have the same address.
	p.follow(".picked [value=get]", `document.querySelector(".take") != null`)
	if got := eval[string](p, `document.querySelector("pre").textContent`); len(got) > 8000 ||
		!strings.Contains(got, "set=") {
		t.Errorf("%d characters: %.300q", len(got), got)
	}
}

// selectHits chooses all that a search has found.
func selectHits(t *testing.T, url string) {
	p := goTo(t, desktop, url+"/?list&q=7")
	eval[int](p, watchDownload)
	p.click("#all")
	p.click("[data-every]")
	want := 0
	for i := range many {
		if strings.Contains(fmt.Sprintf("%05d", i), "7") {
			want++
		}
	}
	p.until(fmt.Sprintf(`document.querySelector(".picked output").value.replace(",", "")
		.startsWith("%d selected, ")`, want))
	at := p.download(`.picked [value=zip]`)
	t.Logf("%d hits: %d characters", want, len(at))
	if names := zipAt(t, at); len(names) != want+1 || len(at) > 8000 {
		t.Errorf("%d names of %d hits; %d characters", len(names), want, len(at))
	}
}

// selectTooMany chooses what has no room in an address. The page says so.
func selectTooMany(t *testing.T, url string) {
	p := goTo(t, desktop, url+"/many/?list&limit=5000")
	eval[int](p, `window.CompressionStream = undefined; 0`) // an old browser
	eval[int](p, `document.querySelectorAll("td.name input").forEach((box, i) => {
		if (i % 2) box.checked = true
	}), document.querySelector("td.name input").click(), 0`)
	p.until(`document.querySelector(".picked output").value.startsWith("Too many separate") &&
		[...document.querySelectorAll(".picked [name]")].every(b => b.disabled)`)
	p.click("#all")
	p.until(`document.querySelector(".picked output").value.startsWith("5,000 selected") &&
		[...document.querySelectorAll(".picked [name]")].every(b => !b.disabled)`)
}
