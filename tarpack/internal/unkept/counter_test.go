package unkept

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
)

// A link leads out of a tree if readlink -m, in a tree without other links, says so.
func TestLeadsOut(t *testing.T) {
	readlink, err := exec.LookPath("readlink")
	if err != nil {
		t.Fatal(err)
	}
	top := filepath.Join(t.TempDir(), "top")
	for i, c := range [][2]string{
		{"a", "b"}, {"a", "../b"}, {"a", ".."}, {"a", "."}, {"d/a", ".."}, {"d/a", "../.."},
		{"d/a", "../b"}, {"d/a", "../../b"}, {"d/a", "../../top"}, {"a", "/etc"}, {"d/e/a", "x/../../.."},
		{"d/e/a", "../../../x"}, {"a", "..b"}, {"a", "b/.."}, {"a", "./../b"}, {"d/a", "//"},
	} {
		link := filepath.Join(top, c[0])
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		filetest.NeedSymlinks(t)
		if err := os.Symlink(c[1], link); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(readlink, "-m", "-n", link).Output()
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(top, string(out))
		if err != nil {
			t.Fatal(err)
		}
		// A target that comes back in by the name of the top leaves the tree all the same.
		want := !filepath.IsLocal(rel) || c[1] == "../../top"
		if leadsOut(c[0], c[1]) != want {
			t.Errorf("%d: %s -> %s: %v, want %v (%s)", i, c[0], c[1], !want, want, out)
		}
		if err := os.RemoveAll(top); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNotices(t *testing.T) {
	var c Counter
	for _, p := range []string{"z", "b", "m/n"} {
		c.Link(p, p, "/etc/"+p)
	}
	c.Link("fine", "fine", "b")
	c.Attributes("f", []string{"security.selinux", "user.one", "user.two", "security.capability"})
	c.Attributes("e", []string{"user.e", "system.posix_acl_access", "system.posix_acl_default"})
	c.Attributes("g", []string{"security.selinux", "trusted.overlay.opaque"})
	c.Time("t")
	c.Time("s")
	c.Name("o")
	c.Name("n")
	want := []string{
		"b and 2 more: a symbolic link out of the directory (/etc/b)",
		"e and 1 more: extended attributes are not kept (user.e)",
		"e: access control lists are not kept",
		"f: file capabilities are not kept",
		"s and 1 more: the same content as another file, but another time:" +
			" tar extracts both with one time",
		"n and 1 more: a hard link to a file in another shard: it becomes a file of its own",
	}
	var got []string
	for _, err := range c.Notices() {
		got = append(got, fmt.Sprint(err))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if (*Counter)(nil).Notices() != nil {
		t.Error("nil has found something")
	}
}
