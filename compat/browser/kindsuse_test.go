package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// percent is how much a picture is zoomed.
const percent = `parseFloat(document.querySelector(".zoom output").textContent.split(" · ")[1])`

// TestPictureZoom: a picture is zoomed by buttons, keys, the wheel, a double click and two fingers,
// and moved by the mouse.
func TestPictureZoom(t *testing.T) {
	url := serveArchive(t, false, packSite(t, kinds(t)))
	p := newTab(t, desktop)
	p.view(url, "photo.png")
	p.until(percent + " == 100")
	p.click(`[data-zoom="in"]`)
	p.until(percent + " == 125")
	p.key("+")
	p.until(percent + " == 156")
	p.key("-")
	p.until(percent + " == 125")
	p.key("1")
	p.until(percent + ` == 100 && document.querySelector('[data-zoom="actual"][aria-pressed="true"]')`)

	// The wheel zooms where the pointer is, once the picture has the focus.
	box := eval[[]float64](p, `(() => { const b = document.querySelector(".stage")
		.getBoundingClientRect(); return [b.left + b.width / 2, b.top + 200] })()`)
	x, y := box[0], box[1]
	p.run(chromedp.MouseClickXY(x, y))
	p.until(`document.activeElement.matches(".stage")`)
	call(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: "mouseWheel", X: x, Y: y,
		DeltaX: 0.01, DeltaY: -600}) // a zero would be left out
	p.until(percent + " > 300")
	// The mouse moves it.
	before := eval[float64](p, `document.querySelector(".stage").scrollLeft`)
	for i, kind := range []string{"mousePressed", "mouseMoved", "mouseReleased"} {
		call(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: input.DispatchMouseEventType(kind), X: x - float64(50*min(i, 1)), Y: y, Button: "left",
			Buttons: int64(1 - i/2), ClickCount: 1})
	}
	p.until(fmt.Sprintf(`Math.abs(document.querySelector(".stage").scrollLeft - %f) < 2`, before+50))
	p.key("0")
	p.until(percent + " == 100")

	// Two fingers.
	call(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{
		Enabled: true, MaxTouchPoints: 2})
	for _, step := range []struct {
		kind  string
		apart float64
	}{{"touchStart", 50}, {"touchMove", 75}, {"touchMove", 100}, {"touchEnd", 0}} {
		params := input.DispatchTouchEventParams{Type: input.DispatchTouchEventType(step.kind),
			TouchPoints: []*input.TouchPoint{}}
		if step.apart > 0 {
			params.TouchPoints = []*input.TouchPoint{{X: x - step.apart, Y: y}, {X: x + step.apart, Y: y}}
		}
		call(p, input.DispatchTouchEvent, params)
	}
	p.until(percent + " == 200")
}

// TestKindsUse: what the pages of files do.
func TestKindsUse(t *testing.T) {
	url := serveArchive(t, false, packSite(t, kinds(t)))
	p := newTab(t, desktop)
	p.expectLog("missing.png")

	p.view(url, "data.json")
	p.click(".json-tools button:last-child")
	p.until(`document.querySelectorAll(".json details[open]").length == 1`)
	p.click(".json-tools button:first-child")
	p.until(`!document.querySelector(".json details:not([open])")`)
	eval[int](p, `document.querySelector(".json ul ul summary").focus(); 0`)
	p.key(" ")
	p.until(`document.querySelectorAll(".json details:not([open])").length == 1`)

	// The text has its own URL, so Back leads to the tree.
	p.follow(`.ways a[href$="as=text"]`, `location.search.endsWith("as=text") && `+
		`document.querySelector("#L2")`)
	eval[int](p, `history.back(); 0`)
	p.until(`location.search == "?list=view" && document.querySelector(".json")`)

	p.view(url, "bad.json")
	p.click(".because a")
	p.until(`location.hash == "#L3" && document.querySelector("#L3").textContent.includes("]")`)

	p.view(url, "sales.csv")
	p.click("#R3 a")
	p.until(`location.hash == "#R3" && document.querySelector("#R3:target")`)

	p.view(url, "guide.md")
	p.follow(".md a", `location.pathname.endsWith("data.json")`)

	p.view(url, "clip.webm")
	p.until(`document.querySelector("video").duration > 0`)
	eval[int](p, `(() => { const v = document.querySelector("video"); v.currentTime = v.duration - 0.1;
		return 0 })()`)
	p.until(`!document.querySelector("video").seeking && ` +
		`document.querySelector("video").currentTime > 0.5`)

	p.view(url, "letters.woff2")
	p.until(`!document.querySelector(".specimen").hidden`)
	if got := eval[string](p, `[...document.querySelectorAll(".grid li:not([hidden])")]
		.map(li => li.textContent).filter(c => "AzßЖ∀".includes(c)).join("")`); got != "Azß" {
		t.Errorf("the grid has %q, the font Azß", got)
	}
	p.click("#try")
	p.key("xyz")
	p.until(`[...document.querySelectorAll(".sizes .face")].every(e => e.textContent.includes("xyz"))`)
}

// TestKindsPlain: without a script, pages show what they can.
func TestKindsPlain(t *testing.T) {
	url := serveArchive(t, false, packSite(t, kinds(t)))
	p := newTab(t, desktop)
	p.expectLog("missing.png")
	call(p, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	for name, want := range map[string]string{
		"data.json":     `document.querySelectorAll(".json details[open]").length > 3`,
		"small.csv":     `document.querySelector("#R1 td").textContent == "Köln"`,
		"guide.md":      `document.querySelector(".md h2").textContent == "A guide"`,
		"work.ipynb":    `document.querySelectorAll(".notebook img[src^='data:']").length == 2`,
		"photo.png":     `document.querySelector(".stage img").clientWidth == 640`,
		"tone.wav":      `document.querySelector("audio[controls]")`,
		"letters.woff2": `document.querySelector(".without").clientHeight > 0`,
	} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			p.run(chromedp.Navigate(url+"/"+name+"?list=view"), chromedp.WaitReady(chromedp.CSS("main")))
			if !eval[bool](p, "!!("+want+")") {
				t.Error("not", want)
			}
			p.picture("plain-" + name)
		})
	}
}
