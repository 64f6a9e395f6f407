// Package cluster measures packing on a cluster: an inventory is planned for 64 shards, these are
// packed by two workers, joined from their indexes, and looked up, on the disk and over HTTP.
//
// The files are not all there at once. DIR has a link part-00 to part-63 for each shard, all of
// which lead to one tree of small files, and pack --dereference follows them. Once a shard is
// packed, a hole is punched into it that leaves its beginning and its trailer: joining reads no
// more. Of a huge set only the first shards are packed. The others get an index with the entries of
// the first one below another directory, and a trailer.
package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/compat/bench/measure"
)

const (
	shards  = 64
	workers = 2
	packed  = 16 // shards of a huge set that are packed; the others are made from the first
	perDir  = 1000
	huge    = 100_000_000 // entries
)

// Run measures sets of a million and of 10^7 files, and with -huge one of 10^8.
func Run(b *measure.Bench) error {
	sizes := []int{min(b.Entries, 1_000_000)}
	if b.Entries > sizes[0] {
		sizes = append(sizes, b.Entries)
	}
	if b.Huge {
		sizes = append(sizes, huge)
	}
	for _, n := range sizes {
		name := fmt.Sprintf("Cluster/entries=%d", n)
		if !b.Wanted(name) || !b.Room(int64(n)*200, name) {
			continue
		}
		if err := one(b, name, n/shards); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// A set is what is planned, packed and joined.
type set struct {
	b    *measure.Bench
	name string // of the case
	per  int    // files of a shard
	dir  string
}

func one(b *measure.Bench, name string, per int) error {
	s := &set{b: b, name: name, per: per}
	var err error
	if s.dir, err = b.Dir("cluster"); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir) // too large to stay until the end
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	b.Logf("%s", name)
	for _, step := range []func() error{s.plan, s.pack, s.join, s.lookUp} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *set) path(name string) string { return filepath.Join(s.dir, name) }

func (s *set) shard(i int) string {
	return s.path(fmt.Sprintf("out-%05d-of-%05d.tar.gz", i, shards))
}

// below returns the path of file i of a shard, below the directory of the shard.
func below(i int) string { return fmt.Sprintf("dir-%04d/%03d.html", i/perDir, i%perDir) }

// part returns the directory of a shard.
func part(shard int) string { return fmt.Sprintf("part-%02d", shard) }

// size is that of each file, so that each shard gets the same number.
const size = int64(len("part-00/dir-0000/000.html\n"))

// record keeps the figures of a step, which the page shows as a row.
func (s *set) record(step string, values ...measure.Value) error {
	s.b.Results.Record(s.name, step, values...)
	line := ""
	for _, v := range values {
		line += "  " + measure.Format(v)
	}
	s.b.Logf("  %-12s%s", step, line)
	return s.b.Results.Save()
}
