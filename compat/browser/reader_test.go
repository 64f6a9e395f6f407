package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tarpack/tpk/compat/tools"
)

// readList reads the archives of testdata/readers in the browser, from the server at base, and
// returns what is wrong. hostile archives are read, too, if it is true.
const readList = `(async (base, hostile) => {
	const wrong = []
	const list = await (await fetch(base + "readers/list.json")).json()
	const hex = b => [...new Uint8Array(b)].map(x => x.toString(16).padStart(2, "0")).join("")
	const bytes = path => Uint8Array.from(path.replace(/%%(..)/g,
		(_, h) => String.fromCharCode(parseInt(h, 16))), c => c.charCodeAt(0))
	const types = {dir: "directory", char: "character device", block: "block device"}
	const options = {retries: 0}
	for (const {name, archive, entries} of list.good) {
		try {
			const a = await tpkReader.open(base + "readers/" + archive, options)
			if (a.entries != entries.length) wrong.push(name + ": " + a.entries)
			for (const [i, w] of entries.entries()) {
				if (i > 100) break // one of them has many
				const e = await a.lstat(bytes(w.path))
				if (e?.ordinal != i || e.type != (types[w.type] ?? w.type) || e.mtime != w.mtime) {
					wrong.push(name + ": " + w.path)
					continue
				}
				if (w.sha256 === undefined) continue
				const b = await a.read(e)
				if (hex(await crypto.subtle.digest("SHA-256", b)) != w.sha256) {
					wrong.push(name + ": content of " + w.path)
				}
				const from = Math.floor(b.length / 3), part = await a.read(e, {start: from, end: from + 70000})
				if (part.some((x, k) => x != b[from + k])) wrong.push(name + ": a range of " + w.path)
			}
		} catch (error) { wrong.push(name + ": " + error.stack) }
	}
	for (const h of hostile ? list.hostile : []) {
		let step = "open"
		try {
			const a = await tpkReader.open(base + "readers/" + h.archive, options)
			step = "use"
			const walk = async dir => {
				for await (const e of a.list(dir)) if (e.type == "directory") await walk(e)
			}
			await walk("")
			for (let i = 0; i < a.entries; i++) {
				const e = await a.entry(i), same = await a.lstat(e.pathBytes)
				if (same?.ordinal != i) throw new tpkReader.TpkError("CORRUPT", "not found again")
				if (e.content) await a.read(e)
			}
			step = "verify"
		} catch (error) {
			if (!(error instanceof tpkReader.TpkError)) wrong.push(h.name + ": " + error.stack)
		}
		if (step == "use" && h.refused == "open" || step == "verify" && /^(open|use)$/.test(h.refused)) {
			wrong.push(h.name + ": is accepted")
		}
	}
	return wrong
})(%q, %t)`

// TestReader reads the good and the hostile archives that all readers are tested with, by
// the reader of the viewer and the browser's own inflater. They come from the page's server, from
// one of another origin that shows its header fields, and from one that shows none.
func TestReader(t *testing.T) {
	testdata := filepath.Join(tools.Repo(t), "testdata")
	reader := filepath.Join(tools.Repo(t), "tarpack", "website", "files", "tpk-reader.js")
	if _, err := os.Stat(reader); err != nil {
		t.Fatal(err)
	}
	files := http.FileServer(http.Dir(testdata))
	host := func(cors, expose string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "OPTIONS" {
				t.Errorf("%s needs a preflight request: %v", r.URL, r.Header)
			}
			w.Header().Set("Cache-Control", "no-store")
			if cors != "" {
				w.Header().Set("Access-Control-Allow-Origin", cors)
				w.Header().Set("Access-Control-Expose-Headers", expose)
			}
			switch r.URL.Path {
			case "/":
				_, _ = w.Write([]byte(`<!doctype html><title>Reader</title><script src="reader.js"></script>`))
			case "/reader.js":
				http.ServeFile(w, r, reader)
			default:
				w.Header().Set("Content-Type", "application/octet-stream")
				w.Header().Set("ETag", tagOf(filepath.Join(testdata, r.URL.Path)))
				files.ServeHTTP(w, r)
			}
		}))
		t.Cleanup(s.Close)
		return s.URL + "/"
	}
	own := host("", "")
	for name, base := range map[string]string{"own": own,
		"another origin": host("*", "Content-Range, ETag"), "hides its fields": host("*", "")} {
		t.Run(name, func(t *testing.T) {
			p := newTab(t, desktop)
			p.expectLog("Failed to load resource") // a missing index
			p.run(chromedp.Navigate(own))
			p.until(`window.tpkReader || document.title == "Reader"`)
			eval[any](p, `void Object.assign(window, {tpkReader})`)
			for _, w := range eval[[]string](p, fmt.Sprintf(readList, base, name == "own")) {
				t.Error(w)
			}
		})
	}
	var list struct{ Good, Hostile []json.RawMessage }
	b, err := os.ReadFile(filepath.Join(testdata, "readers", "list.json"))
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil || len(list.Good) < 10 || len(list.Hostile) < 100 {
		t.Errorf("%d good and %d hostile archives, %v", len(list.Good), len(list.Hostile), err)
	}
}

// tagOf returns an ETag of a file.
func tagOf(name string) string {
	fi, err := os.Stat(name)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(`"%d-%d"`, fi.Size(), fi.ModTime().UnixNano())
}
