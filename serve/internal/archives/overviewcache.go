package archives

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/tarpack/tpk/serve/internal/overview"
)

// keptOverviews is how many overviews an archive remembers. Each takes up to 1 MB.
const keptOverviews = 8

// overviewTime is how long a request waits for its turn to make an overview.
const overviewTime = 3 * time.Second

// errTooMany is returned if there was no turn in time.
var errTooMany = errors.New("too many overviews are being made")

// makingOverviews limits how many overviews are made at the same time, of all archives. Each keeps
// a processor busy, so that one is left for the rest.
var makingOverviews = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))

// overviewKey is a folder of an archive at a mount.
type overviewKey struct {
	mount  string
	folder int
}

// knownOverviews remembers the overviews that were asked for last, while the archive is open.
type knownOverviews struct {
	mu     sync.Mutex
	recent []*knownOverview // the latest last
}

type knownOverview struct {
	key  overviewKey
	once sync.Once
	made *overview.Overview
	err  error
}

// get returns an overview, and makes it if it is not remembered. Others that ask for the same
// meanwhile wait.
func (k *knownOverviews) get(ctx context.Context, key overviewKey,
	make func() (*overview.Overview, error)) (*overview.Overview, error) {
	e := k.entry(key)
	e.once.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, overviewTime)
		defer cancel()
		select {
		case makingOverviews <- struct{}{}:
			defer func() { <-makingOverviews }()
			e.made, e.err = make()
		case <-ctx.Done():
			e.err = errTooMany
		}
	})
	if e.err != nil {
		k.forget(e) // so that the next request tries again
	}
	return e.made, e.err
}

// entry returns the entry of an overview, which becomes the latest.
func (k *knownOverviews) entry(key overviewKey) *knownOverview {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := &knownOverview{key: key}
	if i := slices.IndexFunc(k.recent, func(e *knownOverview) bool { return e.key == key }); i >= 0 {
		e = k.recent[i]
		k.recent = slices.Delete(k.recent, i, i+1)
	} else if len(k.recent) >= keptOverviews {
		k.recent = slices.Delete(k.recent, 0, 1)
	}
	k.recent = append(k.recent, e)
	return e
}

func (k *knownOverviews) forget(e *knownOverview) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.recent = slices.DeleteFunc(k.recent, func(other *knownOverview) bool { return other == e })
}
