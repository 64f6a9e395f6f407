package serve

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

// TestAxel fetches files in four parts at a time.
func TestAxel(t *testing.T) {
	base := "http://" + start(t,
		serve.Options{Archives: []serve.Archive{{Path: packTree(t, tree())}}}) + "/"
	for _, name := range []string{"big.txt", "film.mp4"} {
		out := filepath.Join(t.TempDir(), "out")
		run(t, "axel", "-q", "-n", "4", "-o", out, base+name)
		if read(t, out) != tree()[name] {
			t.Errorf("axel -n 4 %s: other content", name)
		}
	}
}

// requests are the lines of an access log. They are complete when the server has ended.
type requests struct{ lines []string }

func (r *requests) Write(b []byte) (int, error) {
	r.lines = append(r.lines, strings.Split(strings.TrimSpace(string(b)), "\n")...)
	return len(b), nil
}

// numbers returns lines of numbers, and the same with some lines changed, which is what delta
// downloads are for.
func numbers() (before, after string) {
	var a, b strings.Builder
	for i := range 200_000 {
		fmt.Fprintln(&a, i)
		if i%50_000 == 7 {
			fmt.Fprintln(&b, "changed")
		}
		fmt.Fprintln(&b, i)
	}
	return a.String(), b.String()
}

// TestZsync fetches what has changed in a file, in one request of many ranges at a time. zsync
// 0.6.2 loops for ever if there is no CRLF before the first boundary.
func TestZsync(t *testing.T) {
	before, after := numbers()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "old"), before)
	write(t, filepath.Join(dir, "numbers"), after)
	run(t, "zsyncmake", "-Z", "-u", "numbers", "-o", filepath.Join(dir, "zsync"),
		filepath.Join(dir, "numbers"))
	log, out := new(requests), filepath.Join(dir, "out")
	t.Run("zsync", func(t *testing.T) {
		archive := packTree(t, map[string]string{
			"numbers": after, "numbers.zsync": read(t, filepath.Join(dir, "zsync"))})
		base := start(t, serve.Options{AccessLog: log, Archives: []serve.Archive{{Path: archive}}})
		run(t, "zsync", "-q", "-i", filepath.Join(dir, "old"), "-o", out,
			"http://"+base+"/numbers.zsync")
	})
	if read(t, out) != after {
		t.Error("other content")
	}
	if n := len(log.lines); n < 2 || n > 20 {
		t.Errorf("%d requests", n)
	}
}

// TestZchunk fetches what has changed in a zchunk file, with ranges.
func TestZchunk(t *testing.T) {
	before, after := numbers()
	dir := t.TempDir()
	for name, content := range map[string]string{"old": before, "new": after} {
		write(t, filepath.Join(dir, name), content)
		run(t, "zck", "-o", filepath.Join(dir, name+".zck"), filepath.Join(dir, name))
	}
	want := read(t, filepath.Join(dir, "new.zck"))
	base := start(t, serve.Options{Archives: []serve.Archive{{
		Path: packTree(t, map[string]string{"new.zck": want})}}})
	t.Chdir(t.TempDir()) // zckdl writes to the working directory
	run(t, "zckdl", "-s", filepath.Join(dir, "old.zck"), "http://"+base+"/new.zck")
	if read(t, "new.zck") != want {
		t.Error("other content")
	}
}

// TestAPT installs from a repository without a hierarchy, whose URLs have dot segments, asks again
// for a list that has not changed, and resumes a download.
func TestAPT(t *testing.T) {
	apt, dir := tools.Path(t, "apt-get"), t.TempDir()
	name := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	control := "Package: numbers\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\n" +
		"Description: numbers\n"
	write(t, name("deb", "DEBIAN", "control"), control)
	_, content := numbers()
	write(t, name("deb", "numbers"), content)
	run(t, "dpkg-deb", "-b", "--root-owner-group", name("deb"), name("numbers.deb"))
	deb := read(t, name("numbers.deb"))
	packages := fmt.Sprintf("%sFilename: ./numbers.deb\nSize: %d\nSHA256: %x\n",
		control, len(deb), sha256.Sum256([]byte(deb)))
	write(t, name("status"), "")
	for _, d := range []string{"lists/partial", "etc/apt.conf.d", "etc/preferences.d", "cache"} {
		if err := os.MkdirAll(name(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	do := func(t *testing.T, args ...string) string {
		t.Helper()
		return run(t, apt, append([]string{"-o", "Dir=" + dir, "-o", "Dir::Etc=etc",
			"-o", "Dir::State=" + dir, "-o", "Dir::State::status=" + name("status"),
			"-o", "Dir::Cache=cache",
			"-o", "APT::Sandbox::User=", "-o", "Acquire::AllowWeakRepositories=true",
			"-o", "Acquire::http::Proxy=false", "-o", "Debug::NoLocking=true"}, args...)...)
	}
	write(t, name("site", "repo", "Packages"), packages)
	write(t, name("site", "repo", "numbers.deb"), deb)
	modified := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name("site", "repo", "numbers.deb"), modified, modified); err != nil {
		t.Fatal(err)
	}
	log := new(requests)
	t.Run("apt", func(t *testing.T) {
		base := start(t, serve.Options{AccessLog: log,
			Archives: []serve.Archive{{Path: packDir(t, name("site"))}}})
		write(t, name("etc", "sources.list"), "deb [trusted=yes] http://"+base+"/repo ./\n")
		do(t, "update")
		if out := do(t, "update"); !strings.Contains(out, "Hit:") {
			t.Errorf("the list again: %s", out)
		}
		partial := name("cache", "archives", "partial", "numbers_1_all.deb")
		write(t, partial, deb[:len(deb)/2])
		if err := os.Chtimes(partial, modified, modified); err != nil { // it is sent as If-Range
			t.Fatal(err)
		}
		do(t, "install", "-y", "--download-only", "numbers")
		if read(t, name("cache", "archives", "numbers_1_all.deb")) != deb {
			t.Error("other content")
		}
	})
	const resumed = `/repo/./numbers.deb HTTP/1.1" 206`
	if all := strings.Join(log.lines, "\n"); !strings.Contains(all, resumed) {
		t.Errorf("the download was not resumed:\n%s", all)
	}
}
