package match

import (
	"bytes"
	"context"
	"runtime"
	"sync"

	"github.com/tarpack/tpk/sidecar"
)

// searchChunk is how many paths a goroutine looks at before it takes the next ones.
const searchChunk = 1 << 15

// checkEvery is after how many paths it looks whether the search has ended.
const checkEvery = 64

// Hit is an entry that matches.
type Hit struct {
	Ordinal uint32
	Rank    Rank
}

// Search returns the entries with the ordinals from to to − 1 that match, in their order. It looks
// at several parts of the index at the same time. skip reports that an entry is not wanted; it may
// be nil. If ctx ends before, the error is its cause.
func (m *Matcher) Search(
	ctx context.Context, x *sidecar.Index, from, to int, skip func(ordinal int) bool,
) ([]Hit, error) {
	chunks := (max(to-from, 0) + searchChunk - 1) / searchChunk
	found := make([][]Hit, chunks)
	errs := make([]error, chunks)
	next := make(chan int, chunks)
	for k := range chunks {
		next <- k
	}
	close(next)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), chunks) {
		wg.Go(func() {
			for k := range next {
				first := from + k*searchChunk
				found[k], errs[k] = m.scan(ctx, x, first, min(first+searchChunk, to), skip)
			}
		})
	}
	wg.Wait()
	n := 0
	for k := range chunks {
		if errs[k] != nil {
			return nil, errs[k]
		}
		n += len(found[k])
	}
	all := make([]Hit, 0, n)
	for _, hits := range found {
		all = append(all, hits...)
	}
	return all, nil
}

// scan searches the entries from first to end.
func (m *Matcher) scan(
	ctx context.Context, x *sidecar.Index, first, end int, skip func(int) bool,
) ([]Hit, error) {
	var found []Hit
	var lower []byte
	for row, err := range x.Paths(first, end) {
		if err != nil {
			return nil, err
		}
		if row.Ordinal%checkEvery == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !m.ascii && isASCII(row.Path) {
			continue
		}
		lower = m.lower(lower, row.Path, row.Shared)
		rank, ok := m.match(lower)
		if ok && (skip == nil || !skip(row.Ordinal)) {
			found = append(found, Hit{uint32(row.Ordinal), rank})
		}
	}
	return found, nil
}

// lower returns path in lower case. dst has the path before it, which begins with the same shared
// bytes.
func (m *Matcher) lower(dst, path []byte, shared int) []byte {
	if !m.ascii {
		return bytes.ToLower(path)
	}
	dst = append(dst[:shared], path[shared:]...)
	tail := dst[shared:]
	for i, c := range tail {
		if 'A' <= c && c <= 'Z' {
			tail[i] = c | 0x20
		}
	}
	return dst
}
