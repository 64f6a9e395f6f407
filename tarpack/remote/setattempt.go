package remote

import (
	"context"

	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/source"
)

// setAttempt is an attempt to read bytes of one shard of a set.
type setAttempt struct {
	s     *setSource
	shard int
	start int64              // of the shard, in the set
	of    *blocks.Generation // that blocks is of; nil if the shard was not open yet
	in    blocks.Attempt
}

// Begin implements source.Keeper.
func (s *setSource) Begin(off int64) source.Attempt {
	a := &setAttempt{s: s}
	a.shard, a.start = s.Place(off)
	if x := s.hold(a.shard); x != nil {
		a.of, a.in = x.bytes, x.bytes.Begin()
		s.giveBack(x)
	}
	return a
}

// Confirm implements source.Attempt. The bytes of a shard whose files were closed meanwhile are not
// kept.
func (a *setAttempt) Confirm(off, n int64) {
	x := a.s.hold(a.shard)
	if x == nil {
		return
	}
	defer a.s.giveBack(x)
	switch {
	case a.of == nil: // it was opened for these bytes
		x.first.Confirm(off-a.start, n)
	case a.of == x.bytes:
		a.in.Confirm(off-a.start, n)
	}
}

// Confirmed implements source.Attempt. It is false if the files of the shard were closed meanwhile.
func (a *setAttempt) Confirmed(off, n int64) bool {
	x := a.s.hold(a.shard)
	if x == nil {
		return false
	}
	defer a.s.giveBack(x)
	if a.of == nil { // it was opened for these bytes
		return x.first.Confirmed(off-a.start, n)
	}
	return a.of == x.bytes && a.in.Confirmed(off-a.start, n)
}

// Reject implements source.Attempt.
func (a *setAttempt) Reject(off, n int64) (again bool) {
	x, err := a.s.acquire(context.Background(), a.shard)
	if err != nil {
		return false
	}
	defer a.s.giveBack(x)
	if a.of != x.bytes { // it was opened since
		a.of, a.in = x.bytes, x.bytes.Begin()
	}
	return a.in.Reject(off-a.start, n)
}
