package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestStickyHeads: below the header of the page stay the head of a long list, and the ways to see
// a file. The row that has the focus is below both.
func TestStickyHeads(t *testing.T) {
	p := open(t, desktop, "/crowd/")
	for range 60 {
		p.key("j")
	}
	for range 25 {
		p.key("k")
	}
	if !eval[bool](p, `scrollY > 200`) {
		t.Fatal("the page was not scrolled")
	}
	if !eval[bool](p, `{
		const box = (css) => document.querySelector(css).getBoundingClientRect()
		Math.abs(box("thead").top - box("header").bottom) < 2 &&
			document.activeElement.getBoundingClientRect().top >= box("thead").bottom
	}`) {
		t.Error("the head of the list is elsewhere, or over the row that has the focus")
	}
	p.run(chromedp.Navigate(p.url+"/docs/guide.md?list=view"),
		chromedp.WaitReady(chromedp.CSS("#file")))
	if !eval[bool](p, `{
		scrollTo(0, 400)
		const box = (css) => document.querySelector(css).getBoundingClientRect()
		scrollY > 200 && Math.abs(box(".ways").top - box("header").bottom) < 2
	}`) {
		t.Error("the ways to see a file are elsewhere")
	}
}

// TestFoundMarked: the words of a search or of a filter are marked in names, as text that no
// name becomes a part of the page by.
func TestFoundMarked(t *testing.T) {
	const marked = `[...(CSS.highlights.get("found") ?? [])].map(String).join("|")`
	p := open(t, desktop, "/?list&q=ypes+js")
	p.until(marked + ` == "ypes|js"`)
	p.run(chromedp.Navigate(p.url + "/?list&q=api%2Ftyp"))
	p.until(marked + ` == "api|typ"`)
	p.run(chromedp.Navigate(p.url + "/?list&q=*.json"))
	p.until(`document.querySelector("tbody a") && ` + marked + ` == ""`)
	p.run(chromedp.Navigate(p.url + "/docs/"))
	p.click("#filter")
	p.key("NOTES")
	p.until(marked + ` == "notes"`)
	p.run(chromedp.Navigate(p.url + "/odd/?list&filter=%3Cb%3E"))
	p.until(marked + ` == "<b>"`)
}
