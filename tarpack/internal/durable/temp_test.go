package durable_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Anything with a temporary name that is not this user's own file is never written to.
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
				plant(t, kind, temp, precious)
				if err := os.Mkdir(filepath.Join(dir, "tree"), 0o755); err != nil {
					t.Fatal(err)
				}
				name := filepath.Join(dir, "a.tar.gz")
				_, err := pack.Dir(context.Background(), filepath.Join(dir, "tree"), name, pack.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if b, err := os.ReadFile(precious); err != nil || string(b) != "precious" {
					t.Errorf("%q, %v", b, err)
				}
				if _, err := os.Lstat(filepath.Join(dir, "nowhere")); err == nil {
					t.Error("a file was made where a link led")
				}
				for _, n := range []string{name, name + format.SidecarSuffix} {
					fi, err := os.Lstat(n)
					if err != nil {
						t.Fatal(err)
					}
					if st := durable.StatOf(fi); !fi.Mode().IsRegular() || st.OnDisk &&
						(st.Nlink != 1 || st.UID != os.Geteuid() || fi.Mode().Perm()&0o002 != 0) {
						t.Errorf("%s: %v, %+v", n, fi.Mode(), st)
					}
				}
			})
		}
	}
}

// plant puts something at the name temp that is not a file of this user alone. A link leads to the
// file precious, or to "nowhere" beside it.
func plant(t *testing.T, kind, temp, precious string) {
	t.Helper()
	var err error
	switch kind {
	case "symlink":
		filetest.NeedSymlinks(t)
		err = os.Symlink(precious, temp)
	case "dangling":
		filetest.NeedSymlinks(t)
		err = os.Symlink(filepath.Join(filepath.Dir(precious), "nowhere"), temp)
	case "hard link":
		err = os.Link(precious, temp)
	case "fifo":
		if !filetest.HasFIFOs {
			t.Skip("no FIFOs here")
		}
		err = filetest.Mkfifo(temp)
	case "stranger":
		if os.Geteuid() != 0 {
			t.Skip("only root can give files away")
		}
		err = errors.Join(
			os.WriteFile(temp, nil, 0o666), os.Chmod(temp, 0o666), os.Chown(temp, 1234, 1234))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// LockedTemp removes the scratch files that a killed process has left, and no others.
func TestScratchRemoved(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.tar.gz")
	for _, left := range []string{".a.tar.gz.index.tpk-tmp", ".a.tar.gz.spool.tpk-tmp",
		".b.tar.gz.index.tpk-tmp", ".a.tar.gz.mine.tpk-tmp"} {
		if err := os.WriteFile(filepath.Join(dir, left), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, lock, err := durable.LockedTemp(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(), lock.Close()); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := []string{".a.tar.gz.mine.tpk-tmp", ".a.tar.gz.tpk-tmp", ".b.tar.gz.index.tpk-tmp"}
	if !slices.Equal(names, want) {
		t.Errorf("there are %q, want %q", names, want)
	}
}
