package browser

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tarpack/tpk/serve"
)

// TestSandbox: the script of a sandboxed page runs, but reaches nothing of the host: no other page,
// no storage and no cookie. Links, forms and pictures work, and so do tpk's own pages.
func TestSandbox(t *testing.T) {
	hostile := packSite(t, map[string]string{
		"index.html": `<!doctype html><meta charset=utf-8><title>h</title><img src=p.svg>
			<script src=go.js></script><a id=next href=next.html>next</a>`,
		"go.js": `const out = {origin: self.origin};
			try { out.storage = localStorage.length } catch (e) { out.storage = e.name }
			try { out.cookie = document.cookie } catch (e) { out.cookie = e.name }
			const frame = document.createElement("iframe");
			frame.src = "/good/index.html";
			frame.onload = () => {
				try { out.frame = frame.contentDocument.title } catch (e) { out.frame = e.name }
				fetch("/good/secret.txt").then(r => r.text()).catch(e => e.name)
					.then(text => { out.fetched = text; window.out = out });
			};
			document.body.append(frame);`,
		"next.html": "<!doctype html><title>next</title>next",
		"p.svg":     `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`,
		"d/x.txt":   "x",
	})
	good := packSite(t, map[string]string{"index.html": "<!doctype html><title>good</title>",
		"secret.txt": "secret"})
	type result struct{ Origin, Storage, Cookie, Frame, Fetched string }
	for _, sandboxed := range []bool{true, false} {
		o := serve.Options{Archives: []serve.Archive{{Path: hostile, Mount: "/hostile"},
			{Path: good, Mount: "/good"}}, Listing: true}
		if sandboxed {
			o.Sandbox = []string{"/hostile"}
		}
		url := serveOptions(t, o)
		p := newTab(t, desktop)
		if sandboxed {
			p.expected = append(p.expected, "/good/secret.txt")
		}
		p.run(chromedp.Navigate(url + "/hostile/"))
		p.until(`window.out !== undefined`)
		got := eval[result](p, `({origin: out.origin, storage: String(out.storage),
			cookie: String(out.cookie), frame: out.frame, fetched: out.fetched})`)
		want := result{"null", "SecurityError", "SecurityError", "TypeError", "TypeError"}
		if !sandboxed {
			want = result{url, "0", "", "good", "secret"}
		}
		if got != want {
			t.Errorf("sandboxed %v: %+v, want %+v", sandboxed, got, want)
		}
		if !eval[bool](p, `document.images[0].naturalWidth > 0`) {
			t.Error("the picture is not displayed")
		}
		p.follow("#next", `document.title == "next"`)
		p.run(chromedp.Navigate(url + "/hostile/d/?list"))
		if names := p.names(); len(names) != 1 || names[0] != "x.txt" {
			t.Errorf("the listing has %q", names)
		}
	}
}
