package browser

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const logLines = 120_000 // of long.log

// viewedFiles are the files whose pages are tested.
var viewedFiles = sync.OnceValue(func() map[string]string {
	var long, utf16 strings.Builder
	for i := 1; i <= logLines; i++ {
		fmt.Fprintf(&long, "line %d: grün 日本語 🙂%s\n", i, strings.Repeat("é", i%40))
	}
	utf16.WriteString("\xff\xfe")
	for i := 1; i <= 40_000; i++ {
		for _, c := range fmt.Sprintf("line %d grün\r\n", i) {
			utf16.WriteString(string([]byte{byte(c), byte(c >> 8)}))
		}
	}
	source := "// Package main says <b>hello</b>.\npackage main\n\nimport \"fmt\"\n\n" +
		"func main() {\n\tfor i := range 42 {\n\t\tfmt.Println(`hello`, i, \"</div><script>alert(1)" +
		"</script>\")\n\t}\n}\n"
	return map[string]string{
		"src/main.go": source + strings.Repeat("\n// More of it.\nvar _ = 1\n", 80),
		"long.log":    long.String(), "utf16.txt": utf16.String(),
		"one-line.txt": strings.Repeat("wörter ", 400_000),
		"latin1.txt":   "Gr\xfc\xdfe aus M\xfcnchen\n", "small.bin": "\x00\x01\x02\xff" + noise(900),
		"large.bin": "\x00\x01\x02\xff" + noise(3_000_000), "empty.txt": "",
		"hostile.html": "<script>document.title='x'</script><img src=x onerror=alert(1)>\n",
	}
})

// noise returns n bytes without a pattern.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return string(b)
}

// openFile opens the page of a file.
func openFile(t *testing.T, l look, target string) *tab {
	t.Helper()
	url := serveSite(t, false, viewedFiles())
	p := newTab(t, l)
	p.served = &served{url: url}
	p.visit(target)
	return p
}

func (p *tab) visit(target string) {
	p.t.Helper()
	p.run(chromedp.Navigate(p.url+target), chromedp.WaitReady(chromedp.CSS("#file")))
}

// TestFilePages: pages of files in every look, which axe-core finds nothing wrong with.
func TestFilePages(t *testing.T) {
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			p := openFile(t, l, "/src/main.go?list=view")
			for name, target := range map[string]string{
				"code": "/src/main.go?list=view#L7-L9", "long": "/long.log?list=view#end",
				"latin1": "/latin1.txt?list=view", "hex": "/large.bin?list=view",
				"short-hex": "/small.bin?list=view", "none": "/empty.txt?list=view",
			} {
				p.visit("/src/main.go?list=view&x=" + name) // so that only #… does not differ
				p.visit(target)
				switch name {
				case "long":
					p.until(fmt.Sprintf(`document.querySelector(".lines").textContent.includes("line %d:")`,
						logLines))
				case "hex":
					p.until(`document.querySelector(".hex.long pre")`)
				}
				if !isAccessible("text", target) {
					axe(p)
				}
				p.picture(l.name + "-file-" + name)
				if wide := eval[int](p, `document.documentElement.scrollWidth -
					document.documentElement.clientWidth`); wide > 0 {
					t.Errorf("%s: the page is %d px too wide", name, wide)
				}
			}
		})
	}
}

// clickNumber clicks on the number of a line.
func (p *tab) clickNumber(n int, shift bool) {
	p.t.Helper()
	at := eval[struct{ X, Y float64 }](p, fmt.Sprintf(`(() => {
		const line = document.querySelector('[data-n="%d"]')
		line.scrollIntoView({block: "center"})
		const box = line.getBoundingClientRect()
		return {X: box.left + 20, Y: box.top + 8}
	})()`, n))
	modifiers := int64(0)
	if shift {
		modifiers = 8
	}
	for _, kind := range []input.DispatchMouseEventType{
		input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
		call(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: at.X, Y: at.Y,
			Button: input.MouseButtonLeft, ClickCount: 1, Modifiers: modifiers})
	}
}

const markedLines = `[...document.querySelectorAll(".marked")].map(l => l.dataset.n).join()`

// TestFileLines: lines are marked by their addresses, which Back understands.
func TestFileLines(t *testing.T) {
	p := openFile(t, desktop, "/src/main.go?list=view")
	if eval[bool](p, `!!document.querySelector("#file script, #file b")`) {
		t.Error("source code became markup")
	}
	if eval[int](p, `document.querySelectorAll(".lines .k, .lines .s, .lines .c").length`) < 10 {
		t.Error("nothing is in colours")
	}
	if got := eval[string](p, `(() => { getSelection().selectAllChildren(
		document.querySelector(".lines")); const text = String(getSelection())
		getSelection().removeAllRanges(); return text.trim() })()`); got != strings.TrimSpace(
		viewedFiles()["src/main.go"]) {
		t.Errorf("what is copied differs: %.400q", got)
	}
	p.clickNumber(3, false)
	p.until(`location.hash == "#L3" && ` + markedLines + ` == "3"`)
	p.clickNumber(6, true)
	p.until(`location.hash == "#L3-L6" && ` + markedLines + ` == "3,4,5,6"`)
	eval[int](p, `setTimeout(() => history.back())`)
	p.until(`location.hash == "#L3" && ` + markedLines + ` == "3"`)
	p.press("g", "KeyG")
	p.until(`document.activeElement.id == "place"`)
	p.key("150" + kb.Enter)
	p.until(`location.hash == "#L150" && ` + markedLines + ` == "150" && scrollY > 500`)
	p.click("#place")
	p.key("99999" + kb.Enter)
	p.until(`document.getElementById("said").textContent.includes("no such place")`)
	pressed := `document.querySelector(".ways [aria-pressed]").ariaPressed`
	if eval[string](p, pressed) != "false" {
		t.Error("source code is wrapped")
	}
	p.click(".ways [aria-pressed]")
	p.until(pressed + ` == "true" && document.querySelector(".lines.wrap")`)
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS(".lines.wrap")))
}

// seen returns the numbers of the lines in the page, and fails if one is not the line that it
// claims to be or has a broken character.
func (p *tab) seen() {
	p.t.Helper()
	bad := eval[string](p, `(() => {
		for (const line of document.querySelectorAll(".line")) {
			const text = line.textContent
			const n = /^line (\d+)/.exec(text)?.[1]
			if (!n || text.includes("\ufffd") || line.dataset.n && line.dataset.n != n)
				return line.dataset.n + ": " + text.slice(0, 200)
		}
		return document.querySelectorAll(".line").length ? "" : "no lines"
	})()`)
	if bad != "" {
		p.t.Error(bad)
	}
}

// TestLongText reads a text of several megabytes at its ends and in between.
func TestLongText(t *testing.T) {
	p := openFile(t, desktop, "/long.log?list=view")
	has := func(n int) string {
		return fmt.Sprintf(`[...document.querySelectorAll(".line")].some(l =>
			l.textContent.startsWith("line %d:") && l.getBoundingClientRect().top < innerHeight)`, n)
	}
	p.until(has(1))
	p.seen()
	p.key(kb.End)
	p.until(has(logLines) + ` && location.hash == "#end"`)
	if last := eval[string](p, `[...document.querySelectorAll(".line")].at(-1).textContent`); !strings.
		HasPrefix(last, fmt.Sprintf("line %d:", logLines)) {
		t.Error(last)
	}
	p.seen()
	sent := eval[int](p, `performance.getEntriesByType("resource")
		.filter(e => e.name.endsWith("/long.log")).reduce((n, e) => n + e.encodedBodySize, 0)`)
	if sent > 1<<20 {
		t.Errorf("the end of the text took %d bytes", sent)
	}
	for range 12 { // upwards, over pages that are loaded and dropped
		eval[int](p, `(document.querySelector(".lines").scrollTop = 0)`)
		p.until(`document.querySelector(".lines").scrollTop > 0`)
		p.seen()
	}
	p.key(kb.Home)
	p.until(has(1))
	for range 12 { // downwards
		top := eval[float64](p, `(() => { const s = document.querySelector(".lines")
			s.scrollTop = s.scrollHeight; return s.scrollTop })()`)
		p.until(fmt.Sprintf(`(() => { const s = document.querySelector(".lines")
			return s.scrollHeight - s.clientHeight - s.scrollTop > 1 || s.scrollTop != %g })()`, top))
		p.seen()
	}
	p.click("#place")
	p.key(fmt.Sprint(logLines-1000) + kb.Enter)
	p.until(fmt.Sprintf(`location.hash == "#L%d" && `, logLines-1000) + has(logLines-1000))
	p.until(markedLines + fmt.Sprintf(` == "%d"`, logLines-1000))
	p.seen()
	p.clickNumber(logLines-998, true)
	p.until(fmt.Sprintf(`location.hash == "#L%d-L%d"`, logLines-1000, logLines-998))
	eval[int](p, `setTimeout(() => history.go(-2))`)
	p.until(has(1))
	p.visit("/latin1.txt?list=view")
	p.visit(fmt.Sprintf("/long.log?list=view#L%d", 5000))
	p.until(has(5000))
}

// TestLongEncodings: a text in UTF-16, and one without line breaks.
func TestLongEncodings(t *testing.T) {
	p := openFile(t, desktop, "/utf16.txt?list=view")
	p.until(`document.querySelector(".lines").textContent.includes("line 1 grün")`)
	p.seen()
	p.key(kb.End)
	p.until(`[...document.querySelectorAll(".line")].at(-1)?.textContent == "line 40000 grün"`)
	p.seen()
	p.visit("/one-line.txt?list=view#end")
	p.until(`document.querySelector(".long .line")`)
	for range 3 {
		eval[int](p, `(document.querySelector(".lines").scrollTop = 0)`)
		p.until(`document.querySelector(".lines").scrollTop > 0`)
	}
	if text := eval[string](p, `document.querySelector(".lines").textContent`); !strings.
		Contains(text, "wörter wörter") || strings.ContainsRune(text, 0xfffd) ||
		strings.Trim(strings.ReplaceAll(text, "wörter ", ""), "wört ") != "" {
		t.Error("a character at the end of a part is broken")
	}
	p.visit("/latin1.txt?list=view")
	p.until(`document.querySelector(".lines").textContent == "Grüße aus München"`)
}

// TestHex goes to the end and to a byte of a file of several megabytes.
func TestHex(t *testing.T) {
	p := openFile(t, desktop, "/large.bin?list=view")
	p.until(`document.querySelector(".hex").textContent.startsWith("00000000  00 01 02 ff ")`)
	p.key(kb.End)
	p.until(`document.querySelector(".hex").textContent.trim().split("\n").at(-1)
		.startsWith("002dc6c0")`)
	p.press("g", "KeyG")
	p.key("0x100000" + kb.Enter)
	p.until(`location.hash == "#B1048576" &&
		document.querySelector(".hex").textContent.includes("00100000  ")`)
	p.key(kb.Home)
	p.until(`document.querySelector(".hex").textContent.includes("00000000  00 01 02 ff ")`)
}

// TestFilePageWithoutScript: the beginning of the content, and a link to all of it.
func TestFilePageWithoutScript(t *testing.T) {
	p := openFile(t, desktop, "/src/main.go?list=view")
	call(p, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	for target, want := range map[string]string{"/long.log?list=view": "line 100:",
		"/large.bin?list=view": "00000ff0  ", "/hostile.html?list=view": "onerror=alert(1)",
		"/src/main.go?list=view": "package main"} {
		p.visit(target)
		text, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS("main")))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, want) {
			t.Errorf("%s: %.2000s", target, text)
		}
	}
	p.visit("/long.log?list=view")
	p.click(".cut a")
	p.run(chromedp.WaitNotPresent(chromedp.CSS("#file")))
}

// TestFilePageButtons: the list leads to the page of a file, whose buttons do what they state.
func TestFilePageButtons(t *testing.T) {
	p := openFile(t, desktop, "/src/main.go?list=view")
	p.run(chromedp.Navigate(p.url+"/src/?list"), chromedp.WaitReady(chromedp.CSS("tbody")))
	p.click("[data-look]")
	p.until(`document.querySelector("dialog[open] pre")?.textContent.length > 100`)
	p.click("#look-open")
	p.until(`location.search == "?list=view" && location.pathname == "/src/main.go"`)
	for button, want := range map[string]string{"path": "/src/main.go",
		"link": p.url + "/src/main.go?list=view"} {
		eval[int](p, `document.oncopy = e => { window.copied = String(getSelection()) }; 0`)
		eval[int](p, `Object.defineProperty(navigator, "clipboard", {configurable: true,
			value: {writeText: async text => { window.copied = text }}}); 0`)
		p.click(`[data-copy="` + button + `"]`)
		p.until(`document.getElementById("said").textContent == "Copied"`)
		if got := eval[string](p, `window.copied`); got != want {
			t.Errorf("%s: %q", button, got)
		}
	}
	p.press("Backspace", "Backspace")
	p.until(`location.pathname == "/src/" && location.search == "?list"`)
	p.visit("/src/main.go?list=view")
	p.follow(`.get a[href="./?list=get&name=main.go"]`, `document.querySelector(".qr") != null`)
	p.until(`document.querySelector("h1").textContent == "Get main.go"`)
}

// TestFilePageOfRow: each row of a file leads to its page, also if it has no preview.
func TestFilePageOfRow(t *testing.T) {
	for _, l := range []look{looks[0], looks[3]} {
		t.Run(l.name, func(t *testing.T) {
			p := openFile(t, l, "/small.bin?list=view")
			list := func() {
				p.run(chromedp.Navigate(p.url+"/?list"), chromedp.WaitReady(chromedp.CSS("tbody")))
			}
			list()
			const row, there = `tr:has([href="./small.bin"])`, `location.pathname == "/small.bin" &&
				location.search == "?list=view"`
			axe(p)
			p.picture(l.name + "-rows")
			p.follow(row+` .look a`, there)
			list()
			p.run(chromedp.Focus(chromedp.CSS(row + " .name a")))
			p.key(" ") // it has no preview
			if eval[bool](p, `document.getElementById("look").open`) {
				t.Error("there is a preview")
			}
			p.press("v", "KeyV")
			p.until(there)
			list()
			if n := eval[int](p, `document.querySelectorAll("tr:has(.folder) .look a").length`); n > 0 {
				t.Errorf("%d folders lead to pages of files", n)
			}
			p.run(chromedp.Focus(chromedp.CSS(`tr:has(.folder) .name a`)))
			p.press("v", "KeyV")
			p.until(`location.pathname == "/"`)
		})
	}
}

// TestFilePageChanged: a file that is replaced while it is read is not mixed with the old one.
func TestFilePageChanged(t *testing.T) {
	p := openFile(t, desktop, "/long.log?list=view")
	p.until(`document.querySelectorAll(".line").length > 100`)
	eval[int](p, `(() => { const get = fetch
		window.fetch = async (...a) => { const r = await get(...a)
			return new Response(r.body, {status: r.status, headers: {ETag: '"another"'}}) } })() ?? 0`)
	p.key(kb.End)
	p.until(`document.querySelector(".failed")?.textContent.includes("Reload")`)
}
