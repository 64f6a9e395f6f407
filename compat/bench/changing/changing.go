// Package changing measures commands that make a new archive from an old one, next to a plain copy.
package changing

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
)

// Run measures all of these commands.
func Run(b *measure.Bench) error {
	t, err := trees.First(b)
	if err != nil {
		return err
	}
	c := &change{b: b, rounds: b.Rounds}
	if c.dir, err = b.Dir("change"); err != nil {
		return err
	}
	if err := c.prepare(t); err != nil {
		return err
	}
	for _, what := range []func() error{c.update, c.add, c.merge, c.convert} {
		if err := what(); err != nil {
			return err
		}
	}
	b.Discard(c.dir)
	return scan(b)
}

// A change holds what is needed to change the archive of a tree.
type change struct {
	b      *measure.Bench
	rounds int
	dir    string
	name   string // of the tree
	tree   string // a copy of it, with 1 % of its files changed
	old    string // the archive of the copy as it was before
	more   string // as many new files
}

func (c *change) path(name string) string { return filepath.Join(c.dir, name) }

// prepare makes the trees and the archive.
func (c *change) prepare(t trees.Tree) error {
	c.name, c.tree, c.old, c.more = t.Name, c.path("tree"), c.path("old.tar.gz"), c.path("more")
	if err := measure.Run("cp", "-a", t.Dir, c.tree); err != nil {
		return err
	}
	if err := measure.Run(c.b.Tpk, "pack", c.tree, c.old); err != nil {
		return err
	}
	paths, err := (trees.Tree{Name: t.Name, Dir: c.tree}).Paths()
	if err != nil {
		return err
	}
	slices.Sort(paths)
	r := rand.New(rand.NewPCG(1, 1))
	r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	for i, p := range paths[:max(len(paths)/100, 1)] {
		text, err := os.ReadFile(filepath.Join(c.tree, p))
		if err != nil {
			return err
		}
		text = fmt.Appendf(text, "<!-- %d -->\n", i)
		for _, name := range []string{filepath.Join(c.tree, p), filepath.Join(c.more, "more", p)} {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
			// A new file: the tree may have hard links, which all would change.
			if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
				return err
			}
			if err := os.WriteFile(name, text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// fresh restores the old archive.
func (c *change) fresh(out string) func() error {
	return func() error {
		if err := measure.Run("cp", c.old, out); err != nil {
			return err
		}
		return measure.Run("cp", c.old+".tpi", out+".tpi")
	}
}

// copies are the costs of copying files into one, without and with a sync to disk.
func (c *change) copies(from ...string) []measure.Contestant {
	out := c.path("copy")
	remove := func() error { return os.RemoveAll(out) }
	sh := func(script string) []string {
		return append([]string{"sh", "-c", script, "sh", out},
			from...)
	}
	all := []measure.Contestant{
		{Tool: "cat", Command: sh(`out=$1; shift; cat "$@" > "$out"`), Prepare: remove},
		{Tool: "cat-sync", Command: sh(`out=$1; shift; cat "$@" > "$out" && sync "$out"`),
			Prepare: remove},
	}
	if len(from) == 1 {
		all[0] = measure.Contestant{Tool: "cp", Command: []string{"cp", from[0], out}, Prepare: remove}
		all[1] = measure.Contestant{Tool: "cp-sync", Command: sh(`cp "$2" "$1" && sync "$1"`),
			Prepare: remove}
	}
	return all
}

// beside measures a command of tpk next to the copies.
func (c *change) beside(name string, tpk measure.Contestant, copies []measure.Contestant) error {
	tpk.Tool = "tpk"
	return c.b.Contest("Change/what="+name+"/tree="+c.name, c.rounds,
		append([]measure.Contestant{tpk}, copies...))
}

func (c *change) update() error {
	out := c.path("update.tar.gz")
	return c.beside("update-1-percent",
		measure.Contestant{Command: []string{c.b.Tpk, "update", out, c.tree}, Prepare: c.fresh(out)},
		c.copies(c.old))
}

// add adds new files: in a new archive, and by growing the old one.
func (c *change) add() error {
	add, grow := c.path("add.tar.gz"), c.path("append.tar.gz")
	copies := append(c.copies(c.old), measure.Contestant{
		Tool: "tpk-append", Command: []string{c.b.Tpk, "add", "--append", grow, c.more},
		Prepare: c.fresh(grow),
	})
	return c.beside("add-1-percent", measure.Contestant{Command: []string{c.b.Tpk, "add", add, c.more},
		Prepare: c.fresh(add)}, copies)
}

func (c *change) merge() error {
	half := func(i int) string { return c.path(fmt.Sprintf("half-0000%d-of-00002.tar.gz", i)) }
	if err := c.fresh(c.path("half.tar.gz"))(); err != nil {
		return err
	}
	if err := measure.Run(c.b.Tpk, "split", "--shards", "2", c.path("half.tar.gz")); err != nil {
		return err
	}
	out := c.path("merged.tar.gz")
	return c.beside("merge-2",
		measure.Contestant{Command: []string{c.b.Tpk, "merge", "--replace", out, half(0), half(1)}},
		c.copies(half(0), half(1)))
}

// convert measures tpk convert next to a program that recompresses the tar on as many cores.
func (c *change) convert() error {
	if !c.b.Have("pigz") {
		return nil
	}
	in, out := c.path("in.tar.gz"), c.path("converted.tar.gz")
	if err := measure.Run("tar", "-czf", in, "-C", c.tree, "."); err != nil {
		return err
	}
	return c.beside("convert-tar.gz",
		measure.Contestant{Command: []string{c.b.Tpk, "convert", in, out}}, []measure.Contestant{
			{Tool: "gzip-pigz", Command: []string{"sh", "-c", `gzip -dc "$1" | pigz -6 > "$2"`, "sh", in,
				c.path("pigz.tar.gz")}},
		})
}

// scan looks for changes in a large tree that has none.
func scan(b *measure.Bench) error {
	t, err := trees.Files(b, b.Files)
	if err != nil {
		return err
	}
	archive, err := t.Archive(b)
	if err != nil {
		return err
	}
	return b.Contest("Change/what=nothing/tree="+t.Name, b.Rounds, []measure.Contestant{
		{Tool: "tpk", Command: []string{b.Tpk, "update", archive, t.Dir}},
		{Tool: "find", Command: []string{"find", t.Dir, "-printf", "%s"}},
	})
}
