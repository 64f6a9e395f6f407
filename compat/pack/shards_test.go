//go:build linux

package pack

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/sweep"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// TestShards extracts the shards of some trees with GNU tar, one after the other, into one
// directory. The result must be the tree, except that names in different shards are no hard links
// to each other.
func TestShards(t *testing.T) {
	for _, c := range []trees.Named{{Name: "names", Tree: trees.Names()},
		{Name: "sizes", Tree: trees.Sizes()}, {Name: "readonly", Tree: trees.ReadOnly()}} {
		for _, flag := range []string{"--shards=7", "--shard-size=2000"} {
			t.Run(c.Name+flag, func(t *testing.T) {
				dir, out := filepath.Join(tools.Dir(t), "tree"), tools.Dir(t)
				snap := fixture.WriteTree(t, c.Tree, dir)
				set := tools.Dir(t)
				fixture.Pack(t, dir, filepath.Join(set, "s.tar.gz"), flag)
				shards, err := filepath.Glob(filepath.Join(set, "s-*-of-*.tar.gz"))
				if err != nil || len(shards) < 2 {
					t.Fatal(shards, err)
				}
				for _, s := range shards {
					tools.Must(t, exec.Command(tools.Path(t, "tar"), "-xpzf", s, "-C", out))
				}
				fixture.Diff(t, snap, out, trees.Rules{Merged: true, IgnoreLinks: true})
				again := filepath.Join(tools.Dir(t), "again")
				if r := fixture.Run(t, "extract", "--special", "-C", again,
					filepath.Join(set, "s-*-of-*.tar.gz")); r.Code != 0 {
					t.Fatal(r)
				}
				fixture.Diff(t, snap, again, trees.Rules{IgnoreLinks: true})
				if r := fixture.Run(t, "verify", shards[0]); r.Code != 0 {
					t.Error(r)
				}
			})
		}
	}
}

// shardSets are two trees, and a set of shards of the first that a run replaces with one of the
// second.
type shardSets struct {
	old, new       string
	oldTree, tree  trees.Snapshot
	saved, current string
}

func newShardSets(t *testing.T) *shardSets {
	s := &shardSets{old: filepath.Join(tools.Dir(t), "old"), new: filepath.Join(tools.Dir(t), "new"),
		saved: tools.Dir(t), current: tools.Dir(t)}
	s.oldTree = fixture.WriteTree(t, trees.Tree{trees.File("a", "old a"), trees.Dir("d"),
		trees.File("d/b", "old b"), trees.File("d/c", "old c")}, s.old)
	s.tree = fixture.WriteTree(t, trees.Tree{trees.File("a", "new a"), trees.Dir("d"),
		trees.File("d/b", "new b"), trees.File("d/x", "new x")}, s.new)
	fixture.Pack(t, s.old, filepath.Join(s.saved, "s.tar.gz"), "--shards=3")
	return s
}

// restore puts the old set back.
func (s *shardSets) restore(t *testing.T) {
	t.Helper()
	tools.Must(t, exec.Command("sh", "-c", `rm -rf "$2" && cp -a "$1" "$2"`, "sh", s.saved, s.current))
}

// run packs the new tree over the old set with a fault, and reports whether the fault occurred.
func (s *shardSets) run(t *testing.T, inject string) (tools.Result, bool) {
	t.Helper()
	log := filepath.Join(tools.Dir(t), "strace")
	call, _, _ := strings.Cut(inject, ":")
	args := []string{"-f", "-qq", "-o", log, "-e", "trace=" + call, "-e", "inject=" + inject, "-P",
		s.current}
	names := []string{"s-of-00003.tar.gz.tps", ".s-of-set.tar.gz.tpk-tmp",
		".s-of-00003.tar.gz.tps.tpk-tmp", ".s-of-00003.tar.gz.tps.tpi.tpk-tmp"}
	for i := range 3 {
		names = append(names, fmt.Sprintf("s-%05d-of-00003.tar.gz", i),
			fmt.Sprintf(".s-%05d-of-set.tar.gz.tpk-tmp", i), fmt.Sprintf(".s-%05d-of-set.tar.gz.tpi.tpk-tmp",
				i))
	}
	for _, n := range names {
		args = append(args, "-P", filepath.Join(s.current, n))
	}
	cmd := exec.Command(tools.Path(t, "strace"), append(args, tools.TPK(t), "pack", "--shards=3",
		s.new, filepath.Join(s.current, "s.tar.gz"))...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	r := tools.Run(t, cmd)
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return r, bytes.Contains(b, []byte("(INJECTED)")) ||
		bytes.Contains(b, []byte("+++ killed by SIGKILL"))
}

// state extracts the set and returns "old" or "new". Anything else ends the test.
func (s *shardSets) state(t *testing.T) string {
	t.Helper()
	out := filepath.Join(tools.Dir(t), "out")
	r := fixture.Run(t, "extract", "-C", out, filepath.Join(s.current, "s-of-00003.tar.gz.tps"))
	if r.Code != 0 {
		t.Fatal(r)
	}
	got := fixture.ReadTree(t, out)
	switch {
	case len(trees.Diff(s.oldTree, got, trees.Rules{})) == 0:
		return "old"
	case len(trees.Diff(s.tree, got, trees.Rules{})) == 0:
		return "new"
	}
	t.Fatalf("neither the old tree nor the new one: %q", got.Paths())
	return ""
}

// TestShardFaults kills a pack over a set at each of its calls, and lets each of them fail. The
// whole old set or the whole new one must be there, and the next run must clean up. With -short it
// tries some of the calls.
func TestShardFaults(t *testing.T) {
	tools.Path(t, "strace")
	s := newShardSets(t)
	short := []string{"renameat:signal=KILL", "unlinkat:signal=KILL", "fsync:error=EIO"}
	for i, fault := range []string{
		"write:signal=KILL", "pwrite64:signal=KILL", "fsync:signal=KILL", "renameat:signal=KILL",
		"unlinkat:signal=KILL", "ftruncate:signal=KILL",
		"write:error=ENOSPC", "pwrite64:error=ENOSPC", "fsync:error=EIO", "renameat:error=EIO",
		"ftruncate:error=EIO", "close:error=EIO",
	} {
		if testing.Short() && !slices.Contains(short, fault) || !sweep.Takes(t, i) {
			continue
		}
		t.Run(fault, func(t *testing.T) {
			states := map[string]int{}
			for when := 1; when <= 60; when++ {
				s.restore(t)
				r, fired := s.run(t, fmt.Sprintf("%s:when=%d", fault, when))
				if !fired {
					break
				}
				state := s.state(t)
				if r.Code == 0 && state != "new" {
					t.Fatalf("%d: exit status 0, and the old set is there", when)
				}
				if r.Code == 1 && strings.Count(string(r.Err), "\n") != 1 {
					t.Errorf("%d: %v", when, r)
				}
				if state == "old" && strings.Contains(fault, "error") {
					only(t, s.current)
				}
				states[state]++
				fixture.Pack(t, s.new, filepath.Join(s.current, "s.tar.gz"), "--shards=3")
				only(t, s.current)
				if s.state(t) != "new" {
					t.Fatalf("%d: the next run has not replaced the set", when)
				}
			}
			t.Log(states)
			if len(states) == 0 && !strings.HasPrefix(fault, "pwrite64") {
				t.Error("the call was never made")
			}
		})
	}
}

// only checks that dir holds the files of a set of three shards, and no others.
func only(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names, want []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for i := range 3 {
		n := fmt.Sprintf("s-%05d-of-00003.tar.gz", i)
		want = append(want, n, n+".tpi")
	}
	want = append(want, "s-of-00003.tar.gz.tps", "s-of-00003.tar.gz.tps.tpi")
	if !slices.Equal(names, want) {
		t.Errorf("there are %q", names)
	}
}
