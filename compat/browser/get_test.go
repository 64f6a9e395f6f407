package browser

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestGet opens the page with commands for a folder, a selection and a file. The commands work in a
// shell.
func TestGet(t *testing.T) {
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			p := open(t, l, "/docs/")
			p.follow(`.get a[href="./?list=get"]`, `document.querySelector(".qr") != null`)
			p.picture(l.name + "-get")
			if got := eval[string](p, `document.querySelector(".qr").ariaLabel`); !strings.Contains(got,
				p.url+"/docs/?list&download=tar.gz") {
				t.Errorf("the code is called %q", got)
			}
			eval[int](p, `document.querySelector("[data-copy]").scrollIntoView({block: "center"}), 0`)
			p.click("[data-copy]")
			p.until(`document.getElementById("said").textContent == "Copied"`)
			p.run(chromedp.Navigate(p.url+"/docs/?list"), chromedp.WaitReady(chromedp.CSS("#pick")))
			p.click(box("./guide.md"))
			// On a phone, the bar with the buttons lies over the rows in the middle of the list.
			eval[int](p, `scrollTo(0, document.body.scrollHeight); 0`)
			p.click(box("./notes.txt"))
			p.follow(".picked [value=get]", `document.querySelector(".take") != null`)
			axe(p)
			for name, want := range map[string]string{
				"guide.md": "# A guide", "notes.txt": "notes",
			} {
				dir := t.TempDir()
				line := eval[string](p, `[...document.querySelectorAll("pre")].map(e => e.textContent)
					.find(line => line.includes("tar xz"))`)
				c := exec.Command("sh", "-c", line)
				c.Dir = dir
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v: %s", line, err, out)
				}
				if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil ||
					!strings.HasPrefix(string(got), want) {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			}
			p.run(chromedp.Navigate(p.url+"/docs/?list=get&name=guide.md"),
				chromedp.WaitReady(chromedp.CSS(".take")))
			p.picture(l.name + "-get-file")
			lines := eval[[]string](p, `[...document.querySelectorAll("pre")].map(e => e.textContent)`)
			if len(lines) < 2 || !strings.Contains(lines[0], "'"+p.url+"/docs/guide.md?list&etag=") {
				t.Errorf("%q", lines)
			}
		})
	}
}
