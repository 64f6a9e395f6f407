package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// pack packs the shards, and makes those that are not packed.
func (s *set) pack() error {
	if err := s.makeTree(); err != nil {
		return err
	}
	n := shards
	if s.per*shards >= huge {
		n = packed
	}
	if err := s.packShards(n); err != nil {
		return err
	}
	for i := n; i < shards; i++ {
		if err := s.imitate(i); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(s.path("template")); err != nil {
		return err
	}
	return os.RemoveAll(s.path("plan"))
}

// makeTree makes the files of one shard, and DIR.
func (s *set) makeTree() error {
	for i := range s.per {
		name := s.path("template/" + below(i))
		if i%perDir == 0 {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
		}
		if err := os.WriteFile(name, fmt.Appendf(nil, "%*s\n", size-1, below(i)), 0o644); err != nil {
			return err
		}
	}
	if err := os.Mkdir(s.path("DIR"), 0o755); err != nil {
		return err
	}
	for i := range shards {
		if err := os.Symlink("../template", s.path("DIR/"+part(i))); err != nil {
			return err
		}
	}
	return nil
}

// packShards packs the first n shards. Each worker runs one process at a time, with one thread.
func (s *set) packShards(n int) error {
	start := time.Now()
	var mu sync.Mutex
	cpu, peak, bytes := 0.0, 0.0, 0.0
	var g errgroup.Group
	g.SetLimit(workers)
	for i := range n {
		g.Go(func() error {
			list := s.path(fmt.Sprintf("plan/%05d-of-%05d.list", i, shards))
			values, err := measure.Execute(s.b.Tpk, "pack", "-q", "--workers", "1", "--dereference",
				"--skip-existing", "--no-recursion", "-0T", list, s.path("DIR"), s.shard(i))
			if err != nil {
				return err
			}
			written, err := measure.Size(s.shard(i), s.shard(i)+".tpi")
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			bytes += written.Of
			for _, v := range values {
				switch v.Unit {
				case "cpu-sec/op":
					cpu += v.Of
				case "peak-B":
					peak = max(peak, v.Of)
				}
			}
			return punch(s.shard(i))
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.record("pack", measure.Value{Of: time.Since(start).Seconds(), Unit: "sec/op"},
		measure.Value{Of: cpu, Unit: "cpu-sec/op"}, measure.Value{Of: peak, Unit: "peak-B"},
		measure.Value{Of: bytes, Unit: "B"},
		measure.Value{Of: float64(n * s.per), Unit: "entries"})
}

// punch gives back the space of an archive except for its beginning and its end.
func punch(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	const keep = 64 << 10
	if fi.Size() <= 2*keep {
		return nil
	}
	err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, keep,
		fi.Size()-2*keep)
	if err != nil {
		return fmt.Errorf("%s: a hole: %w", name, err)
	}
	return nil
}
