package tarpack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/sidecar"
)

// TestForeignTemp: what stands at a temporary name and is not this user's own file is never written to.
func TestForeignTemp(t *testing.T) {
	for _, which := range []string{"a.tar.gz", "a.tar.gz.tpi"} {
		for _, kind := range []string{"symlink", "dangling", "hard link", "fifo", "stranger"} {
			t.Run(which+"/"+kind, func(t *testing.T) {
				dir := t.TempDir()
				precious := filepath.Join(dir, "precious")
				if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
					t.Fatal(err)
				}
				temp := filepath.Join(dir, "."+which+".tpk-tmp")
				var err error
				switch kind {
				case "symlink":
					err = os.Symlink(precious, temp)
				case "dangling":
					err = os.Symlink(filepath.Join(dir, "nowhere"), temp)
				case "hard link":
					err = os.Link(precious, temp)
				case "fifo":
					err = syscall.Mkfifo(temp, 0o666)
				case "stranger":
					if os.Geteuid() != 0 {
						t.Skip("only root can give files away")
					}
					err = errors.Join(os.WriteFile(temp, nil, 0o666), os.Chmod(temp, 0o666), os.Chown(temp, 1234, 1234))
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(filepath.Join(dir, "tree"), 0o755); err != nil {
					t.Fatal(err)
				}
				name := filepath.Join(dir, "a.tar.gz")
				if _, err := Pack(context.Background(), filepath.Join(dir, "tree"), name, PackOptions{}); err != nil {
					t.Fatal(err)
				}
				if b, err := os.ReadFile(precious); err != nil || string(b) != "precious" {
					t.Errorf("%q, %v", b, err)
				}
				if _, err := os.Lstat(filepath.Join(dir, "nowhere")); err == nil {
					t.Error("a file was made where a link led")
				}
				for _, n := range []string{name, name + SidecarSuffix} {
					fi, err := os.Lstat(n)
					if err != nil {
						t.Fatal(err)
					}
					if st := statOf(fi); !fi.Mode().IsRegular() || st.nlink != 1 || st.uid != os.Geteuid() || fi.Mode().Perm()&0o002 != 0 {
						t.Errorf("%s: %v, %+v", n, fi.Mode(), st)
					}
				}
			})
		}
	}
}

// TestRemoveChanged: a file that was changed and has its time put back is not removed.
func TestRemoveChanged(t *testing.T) {
	dir := t.TempDir()
	top := filepath.Join(dir, "tree")
	if err := os.Mkdir(top, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &packer{packed: map[uint64]struct{}{}}
	name := filepath.Join(top, "f")
	look := func() *sourceEntry {
		fi, err := os.Lstat(name)
		if err != nil {
			t.Fatal(err)
		}
		return &sourceEntry{dir: &sourceDir{}, name: "f", typ: sidecar.TypeFile, info: fi}
	}
	if err := os.WriteFile(name, []byte("AAAA"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := look()
	p.notePacked(before)
	if !p.wasPacked(look()) {
		t.Error("it is as it was")
	}
	time.Sleep(20 * time.Millisecond) // for the clock that ctimes are of
	if err := errors.Join(os.WriteFile(name, []byte("BBBB"), 0o644), os.Chtimes(name, time.Time{}, before.info.ModTime())); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && p.wasPacked(look()) {
		t.Error("it was changed")
	}
	// Of a file with several names, removing one is no change of the others.
	if err := os.Link(name, filepath.Join(top, "g")); err != nil {
		t.Fatal(err)
	}
	p.notePacked(look())
	if err := os.Remove(filepath.Join(top, "g")); err != nil {
		t.Fatal(err)
	}
	if !p.wasPacked(look()) {
		t.Error("only another name was removed")
	}
}
