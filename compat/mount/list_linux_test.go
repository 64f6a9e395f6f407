package mount

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/compat/readerlist"
	"github.com/tarpack/tpk/compat/tools"
)

// TestList mounts the good archives that every reader is tested with, and compares all that stat
// and read return. tarpack/mount has the test of the hostile ones.
func TestList(t *testing.T) {
	dir := filepath.Join(tools.Repo(t), "testdata", "readers")
	var list readerlist.List
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(dir, "list.json"))), &list); err != nil {
		t.Fatal(err)
	}
	for _, g := range list.Good {
		t.Run(g.Name, func(t *testing.T) {
			m := mount(t, "--no-convert", filepath.Join(dir, g.Archive))
			entries := map[string]readerlist.Entry{}
			for _, e := range g.Entries {
				entries[readerlist.Unescape(e.Path)] = e
			}
			var names []string
			err := filepath.WalkDir(m.dir, func(name string, _ os.DirEntry, err error) error {
				if name != m.dir && err == nil {
					names = append(names, name[len(m.dir)+1:])
				}
				return err
			})
			if err != nil || len(names) != len(g.Entries) {
				t.Errorf("%d names, not %d: %v", len(names), len(g.Entries), err)
			}
			for path, want := range entries {
				if !slices.Contains(names, path) {
					t.Errorf("%q is not in its directory", path)
				}
				times := []int64{want.MTime}
				if want.Type == "hardlink" { // of the link, if it stands for a duplicate, or of the file
					times = append(times, entries[readerlist.Unescape(want.Target)].MTime)
				}
				got, err := describe(m.path(path), want.Type == "hardlink")
				if slices.Contains(times, got.MTime) {
					got.MTime = want.MTime
				}
				if got.Path, got.Coding = want.Path, want.Coding; want.Type == "hardlink" {
					got.Target = want.Target
				}
				if err != nil || got != want {
					t.Errorf("%q is\n%+v, want\n%+v: %v", path, got, want, err)
				}
			}
			m.quiet(t)
		})
	}
}

// describe describes a file as the list does. Whether a file is a hard link is not seen of it.
func describe(name string, link bool) (e readerlist.Entry, err error) {
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		return e, err
	}
	e.Mode, e.MTime = int64(st.Mode&0o7777), st.Mtim.Sec
	e.Type = map[uint32]string{unix.S_IFREG: "file", unix.S_IFDIR: "dir", unix.S_IFLNK: "symlink",
		unix.S_IFCHR: "char", unix.S_IFBLK: "block", unix.S_IFIFO: "fifo"}[st.Mode&unix.S_IFMT]
	switch e.Type {
	case "file":
		b, err := os.ReadFile(name)
		if err != nil {
			return e, err
		}
		sum := sha256.Sum256(b)
		e.Size, e.SHA256 = st.Size, hex.EncodeToString(sum[:])
		if link {
			e.Type = "hardlink"
		}
	case "symlink":
		target, err := os.Readlink(name)
		if err != nil {
			return e, err
		}
		e.Target = readerlist.Escape(target)
	case "char", "block":
		e.Major, e.Minor = int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
	}
	return e, nil
}
