//go:build linux || darwin

package mount

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/tarpack/tpk/tarpack"
)

// readers is the directory with the archives that every reader is tested with.
const readers = "../../testdata/readers"

// hostile returns the hostile archives, with the step at which a reader must refuse each.
func hostile(t *testing.T) (list []struct{ Name, Note, Archive, Refused string }) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(readers, "list.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := struct{ Hostile any }{&list}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestHostileList: what the list has to be refused when it is opened or used is refused. No archive
// gives the kernel a name that is none, and each file of it can be asked for.
func TestHostileList(t *testing.T) {
	list := hostile(t)
	if len(list) < 100 {
		t.Fatalf("%d archives", len(list))
	}
	for _, h := range list {
		t.Run(h.Name, func(t *testing.T) {
			a, err := tarpack.Open(t.Context(), filepath.Join(readers, h.Archive),
				&tarpack.OpenOptions{RequireSidecar: true})
			if err != nil {
				return
			}
			if h.Refused == "open" {
				t.Error("it is opened")
			}
			k := newKernel(t, Options{}, Layer{Archive: a, Close: a.Close})
			refused := k.visit(rootID, 0)
			if h.Refused == "use" && !refused && len(k.log) == 0 {
				t.Errorf("%s: nothing fails", h.Note)
			}
		})
	}
}

// visit lists a directory and reads all that is below it. It returns true if something fails.
func (k *kernel) visit(id uint64, depth int) (failed bool) {
	names, err := k.list(id, true)
	failed = err != nil
	if depth > 100 || len(names) > 10_000 {
		k.t.Fatal("no end")
	}
	for _, name := range names {
		if !isName([]byte(name)) || len(name) > maxName || strings.Contains(name, "/") {
			k.t.Errorf("the name %q", name)
		}
		out, err := k.lookup(id, name)
		if err != nil {
			failed = true
			continue
		}
		switch out.Mode & syscall.S_IFMT {
		case syscall.S_IFDIR:
			failed = k.visit(out.NodeId, depth+1) || failed
		case syscall.S_IFREG:
			content, err := k.read(out.NodeId, 1<<20)
			failed = failed || err != nil || uint64(len(content)) != out.Size
		case syscall.S_IFLNK:
			_, st := k.f.Readlink(nil, &fuse.InHeader{NodeId: out.NodeId})
			failed = failed || st != fuse.OK
		}
	}
	return failed
}
