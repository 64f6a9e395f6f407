package serve

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

// TestCurl fetches every file plain, compressed and resumed.
func TestCurl(t *testing.T) {
	base := "http://" + start(t,
		serve.Options{Archives: []serve.Archive{{Path: packTree(t, tree())}}}) + "/"
	dir := t.TempDir()
	for name, want := range tree() {
		out := filepath.Join(dir, "out")
		for _, args := range [][]string{{}, {"--compressed"}, {"--http1.0"},
			{"-H", "Accept-Encoding: identity"}} {
			run(t, "curl", append(args, "-sS", "--fail", "-o", out, base+name)...)
			if read(t, out) != want {
				t.Errorf("curl %q %s: other content", args, name)
			}
		}
		if len(want) == 0 {
			continue
		}
		for _, at := range []int{1, len(want) / 2, len(want) - 1} {
			if err := os.WriteFile(out, []byte(want[:at]), 0o644); err != nil {
				t.Fatal(err)
			}
			run(t, "curl", "-sS", "--fail", "-C", "-", "-o", out, base+name)
			if read(t, out) != want {
				t.Errorf("curl -C - %s from %d: other content", name, at)
			}
		}
		// Entity-tags, then times.
		run(t, "curl", "-sS", "--fail", "--etag-save", out+".tag", "-o", out, base+name)
		if code := run(t, "curl", "-sS", "--etag-compare", out+".tag", "-o", os.DevNull, "-w",
			"%{http_code}", base+name); code != "304" {
			t.Errorf("%s again by its entity-tag: %s", name, code)
		}
		run(t, "curl", "-sS", "--fail", "-R", "-o", out, base+name)
		if code := run(t, "curl", "-sS", "-z", out, "-o", os.DevNull, "-w", "%{http_code}",
			base+name); code != "304" {
			t.Errorf("%s again by time: %s", name, code)
		}
	}
}

// TestWget resumes downloads and mirrors the site.
func TestWget(t *testing.T) {
	base := "http://" + start(t,
		serve.Options{Archives: []serve.Archive{{Path: packTree(t, tree())}}}) + "/"
	for _, name := range []string{"big.txt", "film.mp4", "mid.txt"} {
		want := tree()[name]
		out := filepath.Join(t.TempDir(), name)
		for _, at := range []int{0, 1, len(want) / 3, len(want)} {
			if err := os.WriteFile(out, []byte(want[:at]), 0o644); err != nil {
				t.Fatal(err)
			}
			run(t, "wget", "-q", "-c", "-P", filepath.Dir(out), base+name)
			if read(t, out) != want {
				t.Errorf("wget -c %s from %d: other content", name, at)
			}
		}
	}
	dir := t.TempDir()
	run(t, "wget", "-q", "-r", "-P", dir, "-nH", "--compression=auto", base)
	if read(t, filepath.Join(dir, "index.html")) != tree()["index.html"] ||
		read(t, filepath.Join(dir, "app.js")) != tree()["app.js"] {
		t.Error("wget -r: other content")
	}
}

// TestAria2 fetches files and the whole archive in four parts at a time.
func TestAria2(t *testing.T) {
	archive := packTree(t, tree())
	base := "http://" + start(t, serve.Options{Archives: []serve.Archive{{Path: archive}}}) + "/"
	for path, want := range map[string]string{"big.txt": tree()["big.txt"],
		"film.mp4": tree()["film.mp4"], "?list&download=tar.gz": read(t, archive)} {
		dir := t.TempDir()
		run(t, "aria2c", "-q", "-x4", "-s4", "-k1M", "--min-split-size=1M", "--http-accept-gzip=true",
			"-d", dir, "-o", "out", base+path)
		if read(t, filepath.Join(dir, "out")) != want {
			t.Errorf("aria2c -x4 %s: other content", path)
		}
	}
}

// TestNodeFetch fetches whole files and ranges with node's fetch, and asks again with the
// entity-tag.
func TestNodeFetch(t *testing.T) {
	node := tools.Path(t, "node")
	base := "http://" + start(t,
		serve.Options{Archives: []serve.Archive{{Path: packTree(t, tree())}}}) + "/"
	for name, want := range tree() {
		script := fmt.Sprintf(`const r = await fetch(%q); const b = Buffer.from(await r.arrayBuffer());
			const r2 = await fetch(%q, {headers: {"If-None-Match": r.headers.get("etag")}});
			const r3 = await fetch(%q, {headers: {Range: "bytes=1-5"}}); const b3 = await r3.text();
			const sum = require("node:crypto").createHash("md5").update(b).digest("hex");
			process.stdout.write([r.status, b.length, sum, r2.status, r3.status].join(" "))`,
			base+name, base+name, base+name)
		got := run(t, node, "-e", "(async () => {"+script+"})()")
		wantStatus := 206
		if want == "" {
			wantStatus = 200
		}
		if w := fmt.Sprintf("200 %d %s 304 %d", len(want), md5Hex(want), wantStatus); got != w {
			t.Errorf("fetch %s: %s, want %s", name, got, w)
		}
	}
}
