//go:build linux

package deploy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/sweep"
	"github.com/tarpack/tpk/compat/tools"
)

func TestMain(m *testing.M) { os.Exit(fixture.Main(m)) }

// base is the archive that is replaced.
const base = "site.tar.gz"

// generation packs an archive of pages that all have the number n, as the name in dir says. Every
// second one has variants.
func generation(t testing.TB, dir, name string, n int) string {
	t.Helper()
	tree := filepath.Join(tools.Dir(t), "tree")
	if err := os.MkdirAll(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"a.html", "b.html"} {
		text := strings.Repeat(fmt.Sprintf("<p>generation %d</p>\n", n), 200)
		if err := os.WriteFile(filepath.Join(tree, page), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(dir, name)
	fixture.Pack(t, tree, archive)
	if n%2 == 0 {
		must(t, "variants", "-q", "--br", archive)
	}
	return archive
}

func must(t testing.TB, args ...string) {
	t.Helper()
	if r := fixture.Run(t, args...); r.Code != 0 {
		t.Fatal(r)
	}
}

// restore makes dir what it has in files.
func restore(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
		then := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(filepath.Join(dir, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
}

func content(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// faults are the calls of tpk deploy that write, and what happens in them.
var faults = []struct{ call, fault, says string }{
	{"renameat", "signal=KILL", ""},
	{"linkat", "signal=KILL", ""},
	{"unlinkat", "signal=KILL", ""},
	{"fsync", "signal=KILL", ""},
	{"mkdirat", "signal=KILL", ""},
	{"renameat", "error=EIO", "input/output error"},
	{"fsync", "error=EIO", "input/output error"},
	{"unlinkat", "error=EIO", "input/output error"},
	{"mkdirat", "error=ENOSPC", "no space left on device"},
}

// TestFaults kills tpk deploy at each call that writes, and lets each of these calls fail.
// Afterwards the archive is the old one or the new one, and in order. The next run succeeds, and
// the old archive can be put back. With -short it takes a third of the kinds of calls.
func TestFaults(t *testing.T) {
	tools.Path(t, "strace")
	dir := filepath.Join(tools.Dir(t), "srv")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	generation(t, dir, base, 2)
	generation(t, dir, "new.tar.gz", 1)
	files := content(t, dir)
	next := filepath.Join(tools.Dir(t), "next.tar.gz")
	generation(t, filepath.Dir(next), filepath.Base(next), 3)
	third := content(t, filepath.Dir(next))
	gens := "." + base + ".generations"
	names := []string{"", gens}
	for _, of := range []string{"", gens + "/new/", gens + "/commit/", gens + "/kept/",
		gens + "/20200101T000000.000Z/"} {
		names = append(names, strings.TrimSuffix(of, "/"))
		for _, suffix := range []string{"", ".tpi", ".tpv"} {
			names = append(names, of+base+suffix)
		}
	}
	for i, f := range faults {
		if testing.Short() && i > 1 && i != 5 || !sweep.Takes(t, i) {
			continue
		}
		t.Run(f.call+"/"+f.fault, func(t *testing.T) {
			for when := 1; when < 60; when++ {
				restore(t, dir, files)
				archive := filepath.Join(dir, base)
				r, times := tools.Inject(t, dir, names, f.call, f.fault, when, "deploy", "-q",
					filepath.Join(dir, "new.tar.gz"), archive)
				if times == 0 {
					if when == 1 || r.Code != 0 {
						t.Errorf("without a fault at %d: %v", when, r)
					}
					return
				}
				if f.says != "" && r.Code != 0 && (r.Code != 1 || !strings.Contains(string(r.Err), f.says) ||
					bytes.Count(r.Err, []byte("\n")) != 1) {
					t.Errorf("at %d: %v", when, r)
				}
				afterFault(t, dir, third, f.says == "")
				if t.Failed() {
					t.Fatalf("at call %d: %v", when, r)
				}
			}
		})
	}
}

// afterFault requires that the archive is whole, that a third generation can be deployed, and that
// the archive before it is put back. killed is whether the fault has ended the run.
func afterFault(t *testing.T, dir string, third map[string][]byte, killed bool) {
	t.Helper()
	archive := filepath.Join(dir, base)
	state := whole(t, archive)
	for name, b := range third {
		name = filepath.Join(dir, strings.Replace(name, "next", "third", 1))
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "deploy", "-q", filepath.Join(dir, "third.tar.gz"), archive)
	if whole(t, archive) != 3 {
		t.Error("the next run deploys nothing")
	}
	must(t, "deploy", "-q", "--rollback", archive)
	// A run that was killed may have decided already.
	if now := whole(t, archive); now != state && !(state == 2 && now == 1 && killed) {
		t.Errorf("generation %d was there, and now %d", state, now)
	}
}

// whole requires that an archive can be read, by its index if that is there, and returns which one
// it is.
func whole(t *testing.T, archive string) (n int) {
	t.Helper()
	for _, page := range []string{"a.html", "b.html"} {
		r := fixture.Run(t, "cat", "-q", archive, page)
		if r.Code != 0 {
			t.Fatal(r)
		}
		if _, err := fmt.Sscanf(string(r.Out), "<p>generation %d</p>", &n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestOtherFileSystem deploys from one file system to another, and onto one that is full.
func TestOtherFileSystem(t *testing.T) {
	small := filepath.Join(tools.Dir(t), "small")
	if err := os.Mkdir(small, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("mounting a small file system: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(small, 0) })
	archive, dir := filepath.Join(small, base), tools.Dir(t)
	must(t, "deploy", "-q", generation(t, dir, "new.tar.gz", 2), archive)
	if whole(t, archive) != 2 {
		t.Error("it is another one")
	}
	if left := content(t, dir); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
	large := filepath.Join(tools.Dir(t), "tree")
	tools.Must(t, exec.Command("sh", "-c",
		`mkdir "$0" && head -c 400000 /dev/urandom > "$0/x"`, large))
	fixture.Pack(t, large, filepath.Join(dir, "new.tar.gz"))
	r := fixture.Run(t, "deploy", "-q", filepath.Join(dir, "new.tar.gz"), archive)
	fixture.OneLine(t, r, "no space left on device")
	if whole(t, archive) != 2 || len(content(t, dir)) != 2 {
		t.Error("it was deployed in part")
	}
	if _, err := os.Lstat(filepath.Join(small, "."+base+".generations", "new")); err == nil {
		t.Error("what was copied is left")
	}
}

// TestLocked: while one process writes the archive, a second deployment is refused.
func TestLocked(t *testing.T) {
	dir := tools.Dir(t)
	archive := generation(t, dir, base, 1)
	lock, err := os.Create(filepath.Join(dir, "."+base+".tpk-tmp"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	r := fixture.Run(t, "deploy", "-q", generation(t, dir, "new.tar.gz", 2), archive)
	fixture.OneLine(t, r, "another process")
	if whole(t, archive) != 1 {
		t.Error("it was deployed")
	}
}

// TestServed deploys generations to and fro below a server with clients. Each answer is wholly of
// one generation, its tag is always that of the same bytes, and none fails. With -short there are 8
// generations, and otherwise 50.
func TestServed(t *testing.T) {
	rounds := 50
	if testing.Short() {
		rounds = 8
	}
	dir := tools.Dir(t)
	archive := generation(t, dir, base, 0)
	address := fixture.FreeAddress(t)
	server := fixture.StartServer(t, address, exec.Command(tools.TPK(t), "serve", "-q", "--watch",
		"--listen", address, archive))
	defer server.Stop()
	var enough atomic.Bool
	var tags sync.Map // by entity tag, the answer
	var clients sync.WaitGroup
	var answers atomic.Int64
	for _, coding := range []string{"identity", "gzip", "br"} {
		clients.Go(func() {
			for !enough.Load() {
				if err := ask("http://"+address+"/a.html", coding, &tags); err != nil {
					t.Error(err)
					return
				}
				answers.Add(1)
			}
		})
	}
	for i := 1; i <= rounds; i++ {
		if i%5 == 4 {
			must(t, "deploy", "-q", "--rollback", archive)
		} else {
			must(t, "deploy", "-q", "--keep", "2", generation(t, dir, "new.tar.gz", i), archive)
		}
		if i%4 == 0 {
			served(t, address, fmt.Sprintf("<p>generation %d</p>", whole(t, archive)))
		}
	}
	enough.Store(true)
	clients.Wait()
	t.Logf("%d answers, %d deployments", answers.Load(), rounds)
}

// served waits until the server sends a page that begins with a text.
func served(t *testing.T, address, text string) {
	t.Helper()
	var got []byte
	for range 400 {
		resp, err := http.Get("http://" + address + "/b.html")
		if err != nil {
			t.Fatal(err)
		}
		got, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil && bytes.HasPrefix(got, []byte(text)) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s is not served, but %.60s", text, got)
}

// ask gets a page in a coding.
func ask(url, coding string, tags *sync.Map) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", coding)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		return fmt.Errorf("%s: %s %w", coding, resp.Status, err)
	}
	tag := resp.Header.Get("ETag")
	if was, loaded := tags.LoadOrStore(tag, b); loaded && !bytes.Equal(was.([]byte), b) {
		return fmt.Errorf("%s: two answers have the tag %s", coding, tag)
	}
	if coding != "identity" {
		return nil
	}
	first, _, _ := bytes.Cut(b, []byte("\n"))
	if len(b) == 0 || len(bytes.ReplaceAll(b, append(first, '\n'), nil)) != 0 {
		return fmt.Errorf("an answer is mixed: %.100s", b)
	}
	return nil
}
