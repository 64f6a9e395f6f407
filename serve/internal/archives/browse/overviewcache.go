package browse

import (
	"context"
	"errors"
	"time"
	"weak"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/archives/recent"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/overview"
	"github.com/tarpack/tpk/serve/internal/turns"
)

// keptOverviews is how many overviews are remembered. Each takes up to 1 MB.
const keptOverviews = 32

// overviewTime is how long a request waits for its turn to make an overview.
const overviewTime = 3 * time.Second

// errTooMany is returned if there was no turn in time.
var errTooMany = errors.New("too many overviews are being made")

// makingOverviews limits how many overviews are made at the same time, of all archives. Each keeps
// a processor busy, so that one is left for the rest.
var makingOverviews = turns.Half()

// overviewKey is a folder of an archive at a mount. The index that an overview was made of may have
// changed unless the archive's proof is the same. It keeps no archive in memory.
type overviewKey struct {
	archive weak.Pointer[archives.Archive]
	proof   weak.Pointer[guard.Proof]
	mount   string
	folder  int
}

// newOverviews returns what remembers the overviews that were asked for last.
func newOverviews() *recent.Cache[overviewKey, *overview.Overview] {
	return &recent.Cache[overviewKey, *overview.Overview]{Most: keptOverviews}
}

// inTurn makes an overview when it has a turn.
func inTurn(ctx context.Context, make func(context.Context) (*overview.Overview, error)) (
	*overview.Overview, error,
) {
	done, err := makingOverviews.TakeWithin(ctx, overviewTime, errTooMany)
	if err != nil {
		return nil, err
	}
	defer done()
	return make(ctx)
}
