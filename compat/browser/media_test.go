package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// emulate sets the medium and a preference of the reader.
func (p *tab) emulate(media, feature, value string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media,
		Features: []*emulation.MediaFeature{{Name: feature, Value: value}}})
}

// TestPrint: a printed folder has its heading, names, sizes and dates, and nothing to press.
func TestPrint(t *testing.T) {
	p := open(t, desktop, "/docs/")
	p.emulate("print", "prefers-color-scheme", "light")
	for _, fault := range eval[[]string](p, `[
		["button, .button, input, select, header, .parent", e => e.getClientRects().length > 0],
		["h1, td.name a, td.size, td.date", e => e.getClientRects().length === 0],
		["tbody tr", e => getComputedStyle(e).contentVisibility !== "visible"],
	].flatMap(([css, bad]) =>
		[...document.querySelectorAll(css)].filter(bad).map(e => e.outerHTML))`) {
		t.Error(fault)
	}
	p.picture("desktop-print")
}

// TestReducedMotion: nothing moves for those who do not want it.
func TestReducedMotion(t *testing.T) {
	p := open(t, desktop, "/docs/")
	const moving = `[...document.querySelectorAll("*")].filter(e => getComputedStyle(e)
		.transitionDuration.split(", ").some(s => parseFloat(s) > 0)).length`
	if eval[int](p, moving) == 0 {
		t.Error("rows have no transition, so this shows nothing")
	}
	p.emulate("", "prefers-reduced-motion", "reduce")
	if n := eval[int](p, moving); n > 0 {
		t.Errorf("%d elements move", n)
	}
}

// TestLargeFolder: rows out of sight cost no layout, and a row has few elements.
func TestLargeFolder(t *testing.T) {
	p := open(t, desktop, "/crowd/?limit=5000")
	if n := len(p.names()); n != crowd {
		t.Errorf("%d rows", n)
	}
	if n := eval[int](p, `[...document.querySelectorAll("tbody tr")]
		.filter(tr => getComputedStyle(tr).contentVisibility !== "auto").length`); n > 0 {
		t.Errorf("%d rows are always laid out", n)
	}
	if n := eval[int](p, `document.querySelectorAll("tbody *").length / `+
		`document.querySelectorAll("tbody tr").length | 0`); n > 16 {
		t.Errorf("%d elements a row", n)
	}
}
