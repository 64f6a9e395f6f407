package shardset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// CheckOne returns an error that wraps format.ErrNotOneSet if a set has no list, and its archives
// share paths. Archives of other programs that merely have such names often do: each is a data set
// of its own, with the same files. Archives that share none are a set, whatever their order, as
// FORMAT.md 2.4 has no order of shards. Those that can't be read are left out.
func CheckOne(ctx context.Context, s format.SetName) error {
	if exists(s.List()) {
		return nil
	}
	now, settled := shardStamps(s)
	if d, ok := decided.get(s); ok && slices.Equal(d.stamps, now) {
		return d.err
	}
	err := joinReadable(ctx, s)
	if err != nil && !errors.Is(err, format.ErrNotOneSet) {
		return err
	}
	if settled {
		decided.put(s, decision{now, err})
	}
	return err
}

// joinReadable joins the shards of a set that can be read, for the error.
func joinReadable(ctx context.Context, s format.SetName) (err error) {
	m := NewJoiner(scan.Options{})
	defer func() { err = errors.Join(err, m.Close()) }()
	for i := range s.N {
		a, err := indexed.Open(ctx, s.Shard(i), &indexed.Options{})
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			continue // opening the set or the archive reports it
		}
		if err := m.Add(ctx, a); err != nil {
			return err
		}
	}
	if m.size == 0 {
		return nil
	}
	var index build.Memory
	if _, _, err := m.finish(&index); err != nil {
		return fmt.Errorf("%s: %w", s.List(), err)
	}
	return nil
}

// shardStamps returns the Stamps of the shards, zero for those that are missing, and whether any
// later change of a shard shows in its Stamp.
func shardStamps(s format.SetName) (stamps []changetime.Stamp, settled bool) {
	now := time.Now()
	settled = true
	for i := range s.N {
		var stamp changetime.Stamp
		if fi, err := os.Stat(s.Shard(i)); err == nil {
			stamp = changetime.StampOf(fi)
			settled = settled && stamp.Settled(now)
		}
		stamps = append(stamps, stamp)
	}
	return stamps, settled
}

// A decision is what CheckOne has returned for shards with these Stamps.
type decision struct {
	stamps []changetime.Stamp
	err    error
}

// decisions remembers what CheckOne has returned. A command asks several times what a name stands
// for, and a server each second.
type decisions struct {
	mu    sync.Mutex
	bySet map[format.SetName]decision
}

var decided decisions

// maxDecisions bounds the memory for names that were asked for once.
const maxDecisions = 100

func (d *decisions) get(s format.SetName) (decision, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.bySet[s]
	return found, ok
}

func (d *decisions) put(s format.SetName, dec decision) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bySet == nil || len(d.bySet) >= maxDecisions {
		d.bySet = map[format.SetName]decision{}
	}
	d.bySet[s] = dec
}
