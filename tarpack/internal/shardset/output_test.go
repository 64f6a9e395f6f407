package shardset_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// Files of sets of the same name are the set's own, whatever the number of shards.
func TestOwns(t *testing.T) {
	for _, stem := range []string{"a", strings.Repeat("a", 229)} {
		testOwns(t, stem)
	}
}

func testOwns(t *testing.T, stem string) {
	dir := t.TempDir()
	o, err := shardset.Create(filepath.Join(dir, stem+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer o.Unlock()
	set, other := format.SetNameOf(stem+".tar.gz", 7), format.SetNameOf("b"+stem[1:]+".tar.gz", 7)
	for _, base := range []string{
		set.Shard(0), set.Shard(6) + ".tpi", set.List(), set.List() + ".tpi", set.Pending(3),
		set.PendingIndex(3), format.TempName(set.List()), format.TempName(set.List() + ".tpi"),
	} {
		if !shardset.Owns(o.Set, base) {
			t.Errorf("%s is not owned", base)
		}
	}
	for _, base := range []string{
		stem + ".tar.gz", stem + "-00007-of-00007.tar.gz", stem + "-1-of-2.tar.gz",
		stem + "-00000-of-00007.tgz", "x-" + stem + "-00000-of-00007.tar.gz",
		format.TempName(stem + ".tar.gz"), other.Shard(0), other.List(), other.Pending(0),
		other.PendingIndex(0), format.TempName(other.List()), format.TempName(other.List() + ".tpi"),
	} {
		if shardset.Owns(o.Set, base) {
			t.Errorf("%s is owned", base)
		}
	}
}

// Create refuses names that no archive can have, and a second writer.
func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		".tar.gz": os.ErrInvalid, dir + "/.tar.gz": os.ErrInvalid, dir + "/x/": os.ErrInvalid,
		dir + "/sub": format.ErrNotRegular, dir + "/" + strings.Repeat("a", 237): format.ErrLongSetName,
	} {
		if _, err := shardset.Create(name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	name := filepath.Join(dir, "a.tar.gz")
	o, err := shardset.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Unlock()
	if _, err := shardset.Create(name); !errors.Is(err, format.ErrLocked) {
		t.Errorf("a second writer: %v", err)
	}
}

// namesIn returns the names in a directory, sorted.
func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// The next writer gives the sidecar and the shards of a committed set their names, and removes what
// was not committed.
func TestRecover(t *testing.T) {
	name, _ := writeSet(t, 3)
	l, err := shardset.ListFromShards(name)
	if err != nil {
		t.Fatal(err)
	}
	side := name.List() + format.SidecarSuffix
	if l.Index, l.Entries, err = writeIndex(t, name, format.TempName(side)); err != nil {
		t.Fatal(err)
	}
	tartest.WriteFile(t, name.List(), l.Append(nil))
	tartest.WriteFile(t, side, []byte("of the set before"))
	for _, i := range []int{0, 2} { // killed after shard 1 had got its name
		if err := os.Rename(name.Shard(i), name.Pending(i)); err != nil {
			t.Fatal(err)
		}
	}
	tartest.WriteFile(t, name.PendingIndex(2), []byte("index"))
	// Another writer was killed before it renamed its list.
	abandoned := format.SetNameOf(name.Stem+name.Ext, 9)
	tartest.WriteFile(t, abandoned.Pending(5), []byte("rest"))
	tartest.WriteFile(t, format.TempName(abandoned.List()), []byte("rest"))
	tartest.WriteFile(t, format.TempName(abandoned.List()+format.SidecarSuffix), []byte("rest"))
	tartest.WriteFile(t, durable.ScratchIndex.Of(name.Working()), []byte("rest"))

	set, err := shardset.Open(t.Context(), name, &indexed.Options{RequireSidecar: true})
	if err != nil {
		t.Fatalf("before the next writer: %v", err)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	o, err := shardset.Create(name.Stem + name.Ext)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Unlock(); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, full := range []string{
		name.Shard(0), name.Shard(1), name.Shard(2), name.Shard(2) + format.SidecarSuffix, name.List(),
		side,
	} {
		want = append(want, filepath.Base(full))
	}
	if got := namesIn(t, filepath.Dir(name.Stem)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := shardset.ListFromShards(name); err != nil {
		t.Error(err)
	}
	set, err = shardset.Open(t.Context(), name, &indexed.Options{RequireSidecar: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Close(); err != nil {
		t.Error(err)
	}
}

// writeIndex writes the sidecar of a set to the file to.
func writeIndex(t *testing.T, name format.SetName, to string) (digest, entries uint64, err error) {
	t.Helper()
	f, err := os.Create(to)
	if err != nil {
		return 0, 0, err
	}
	if digest, _, err = shardset.Join(t.Context(), name, f, scan.Options{}); err == nil {
		err = f.Close()
	}
	return digest, uint64(name.N), err
}

// An aborted set leaves nothing.
func TestAbort(t *testing.T) {
	dir := t.TempDir()
	o, err := shardset.Create(filepath.Join(dir, "a.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Next(); err != nil {
		t.Fatal(err)
	}
	if err := o.Finish(1, 2); err != nil {
		t.Fatal(err)
	}
	out, err := o.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Archive.WriteString("unfinished"); err != nil {
		t.Fatal(err)
	}
	if err := o.Abort(); err != nil {
		t.Fatal(err)
	}
	if names := namesIn(t, dir); names != nil {
		t.Errorf("%q", names)
	}
}
