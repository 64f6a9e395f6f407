package browser

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tarpack/tpk/compat/tools"
)

func TestSort(t *testing.T) {
	p := open(t, desktop, "/docs/")
	if got, want := p.names(), []string{"api/", "guide.md", "notes.txt"}; !slices.Equal(got, want) {
		t.Errorf("by name: %q", got)
	}
	p.follow("th.size a", `document.querySelector('th.size[aria-sort="descending"]')`)
	if got := p.names(); got[1] != "guide.md" {
		t.Errorf("by size, the largest first: %q", got)
	}
	p.follow("th.size a", `document.querySelector('th.size[aria-sort="ascending"]')`)
	if got, want := p.names(), []string{"api/", "notes.txt", "guide.md"}; !slices.Equal(got, want) {
		t.Errorf("by size: %q", got)
	}
	p.follow("th.name a", `document.querySelector('th.name[aria-sort="ascending"]')`)
	p.follow("th.name a", `document.querySelector('th.name[aria-sort="descending"]')`)
	if got, want := p.names(), []string{"api/", "notes.txt", "guide.md"}; !slices.Equal(got, want) {
		t.Errorf("by name, backwards: %q", got)
	}
}

func TestFilterAndPages(t *testing.T) {
	p := open(t, desktop, "/crowd/")
	if n := len(p.names()); n != 500 {
		t.Errorf("%d rows on the first page", n)
	}
	p.run(chromedp.SendKeys(chromedp.CSS("#filter"), "TILE-001"))
	p.until(`document.querySelectorAll("tbody tr:not([hidden])").length == 10`)
	if left := eval[string](p, `document.getElementById("left").value`); left != "10 of 1,300" {
		t.Error(left)
	}
	p.key(kb.Escape)
	p.until(`document.querySelectorAll("tbody tr:not([hidden])").length == 500`)
	for range 2 {
		p.follow(`a[rel="next"]`, `document.querySelector('a[rel="prev"]')`)
	}
	p.until(`document.querySelectorAll("tbody tr").length == 300 &&
		document.querySelector(".pages span").textContent == "Page 3 of 3" &&
		document.querySelectorAll(".pages").length == 2`)
	if got := p.names(); got[299] != fmt.Sprintf("tile-%d.txt", crowd-1) {
		t.Error(got[299])
	}
}

func TestSearch(t *testing.T) {
	p := open(t, desktop, "/docs/")
	// No character follows the key, as chromedp would send it: a browser omits it if the page
	// handles the key.
	call(p, input.DispatchKeyEvent,
		input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: "/", Code: "Slash"})
	p.until(`document.activeElement.id == "search"`)
	p.key("README" + kb.Enter)
	p.until(`location.search == "?list=here&q=README"`)
	if got := p.names(); !slices.Equal(got, []string{"README"}) {
		t.Error(got)
	}
	p.run(chromedp.Navigate(p.url + "/docs/?q=" + "API/t"))
	if got := p.names(); !slices.Equal(got, []string{"docs/api/types.json"}) {
		t.Error(got)
	}
	p.click("tbody a")
	p.until(`location.pathname == "/docs/api/types.json"`)
}

func TestStepInAndBack(t *testing.T) {
	p := open(t, desktop, "/")
	p.key(kb.ArrowDown + kb.ArrowDown)
	p.until(`document.activeElement.textContent == "docs/"`)
	p.key(kb.Enter)
	p.until(`location.pathname == "/docs/"`)
	// chromedp.NavigateBack would wait for a load event
	eval[int](p, `setTimeout(() => history.back())`)
	p.until(`location.pathname == "/"`)
	eval[int](p, `setTimeout(() => location.href = "/docs/api/?list")`)
	p.until(`document.querySelector("header nav a[href='../?list']")`)
	p.click("header nav a[href='../?list']")
	p.until(`location.pathname == "/docs/" && location.search == "?list"`)
	p.click("header nav a")
	p.until(`location.pathname == "/"`)
	p.until(`document.querySelector("a[href='./start']")`)
	p.click("a[href='./start']") // a symbolic link
	p.until(`document.body.textContent.includes("A guide")`)
}

func TestPreview(t *testing.T) {
	p := open(t, desktop, "/docs/")
	p.run(chromedp.Focus(chromedp.CSS("a[href='./guide.md']")), chromedp.KeyEvent(" "))
	p.until(`document.querySelector("dialog[open] pre")?.textContent.startsWith("# A guide")`)
	p.key(kb.ArrowRight)
	p.until(`document.querySelector("dialog[open] pre")?.textContent == "notes\n"`)
	p.key(kb.Escape)
	p.until(`!document.querySelector("dialog").open &&
		document.activeElement.textContent == "notes.txt"`)

	p.run(chromedp.Navigate(p.url+"/media/"), chromedp.WaitReady(chromedp.CSS("tbody")))
	p.click(`[data-look="image"]`)
	p.until(`document.querySelector("dialog img")?.naturalWidth > 0`)
	p.click("#look-close")
	p.until(`!document.querySelector("dialog").open`)
}

// TestSeek jumps to the end of a film and of a sound, which the browser fetches with Range.
func TestSeek(t *testing.T) {
	for kind, seconds := range map[string]float64{"video": 18, "audio": 8} {
		t.Run(kind, func(t *testing.T) {
			p := open(t, desktop, "/media/")
			p.click(`[data-look="` + kind + `"]`)
			p.until(`document.querySelector("dialog ` + kind + `")?.readyState >= 1`)
			at := eval[float64](p, fmt.Sprintf(`new Promise((done, failed) => {
				const m = document.querySelector("dialog %s")
				m.onseeked = () => done(m.currentTime)
				m.onerror = () => failed(m.error)
				m.currentTime = %g
			})`, kind, seconds))
			if at != seconds || eval[float64](p,
				`document.querySelector("dialog `+kind+`").duration`) < seconds {
				t.Errorf("at %g of %g", at, seconds)
			}
		})
	}
}

// TestNames checks a folder with names that break careless pages.
func TestNames(t *testing.T) {
	p := open(t, desktop, "/odd/")
	got := p.names()
	for _, want := range []string{`<b>bold<`, "new␊line.txt", "caf\ufffd.txt", "日本語.txt",
		"javascript:alert(1).txt"} {
		if !slices.ContainsFunc(got, func(name string) bool { return strings.HasPrefix(name, want) }) &&
			want != "<b>bold<" {
			t.Errorf("%q is not among %q", want, got)
		}
	}
	if eval[bool](p, `!!document.querySelector("td.name b")`) {
		t.Error("a name became a tag")
	}
	for _, href := range eval[[]string](p,
		`[...document.querySelectorAll("td.name a")].map(a => a.href)`) {
		if !strings.HasPrefix(href, p.url+"/odd/") {
			t.Error(href)
		}
		if got := eval[int](p, fmt.Sprintf(`fetch(%q).then(r => r.status)`, href)); got != 200 {
			t.Errorf("%s: %d", href, got)
		}
	}
}

// TestWithoutScript reads a page with scripts turned off.
func TestWithoutScript(t *testing.T) {
	p := open(t, desktop, "/")
	call(p, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("tbody")))
	text, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"docs/", "README", "4 folders", ".tar.gz", ".zip"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	p.follow("th.size a", `document.querySelector('th.size[aria-sort="descending"]')`)
	p.follow(`a[data-look][href="./README?list=view"]`, `location.pathname == "/README"`)
}

// TestDownloads presses the download buttons and compares the saved files with the tree.
func TestDownloads(t *testing.T) {
	for _, c := range []struct{ path, button, file string }{
		{"/docs/?list", ".zip", "docs.zip"}, {"/docs/?list", ".tar.gz", "docs.tar.gz"},
		{"/odd/", ".zip", "odd.zip"}, {"/odd/", ".tar.gz", "odd.tar.gz"},
		{"/", ".tar.gz", "site.tar.gz"}, {"/", ".zip", "site.zip"},
	} {
		t.Run(c.file, func(t *testing.T) {
			p := open(t, desktop, c.path)
			saved := tools.Dir(t)
			_, err := chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior,
				browser.SetDownloadBehaviorParams{
					Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: saved,
				})
			if err != nil {
				t.Fatal(err)
			}
			renames := tools.NewWatch(t, saved, tools.WatchMovedTo) // an incomplete file has another name
			p.click(fmt.Sprintf(`.get a[href$="=%s"]`, c.button[1:]))
			for name := ""; name != c.file; {
				if name, err = renames.Next(); err != nil {
					t.Fatal("it never came: ", err)
				}
			}
			compare(t, p.dir, filepath.Join(saved, c.file))
		})
	}
}

// compare extracts an archive and compares its files with the tree.
func compare(t *testing.T, dir, name string) {
	t.Helper()
	out := tools.Dir(t)
	if strings.HasSuffix(name, ".tar.gz") {
		if r := tools.Run(t, exec.Command(tools.Path(t, "tar"), "xzf", name, "-C", out)); r.Code != 0 {
			t.Fatal(r)
		}
	} else {
		unzip(t, name, out)
	}
	n := 0
	err := filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		rel, _ := filepath.Rel(out, path)
		got, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(dir, rel))
		if err == nil && string(got) != string(want) {
			t.Errorf("%q differs", rel)
		}
		return err
	})
	if err != nil || n < 4 {
		t.Errorf("%d files, %v", n, err)
	}
}

func unzip(t *testing.T, name, dir string) {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		path := filepath.Join(dir, f.Name)
		if f.Mode().IsDir() {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Mode()&os.ModeSymlink != 0 {
			err = os.Symlink(string(content), path)
		} else {
			err = os.WriteFile(path, content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
