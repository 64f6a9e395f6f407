package archives

import (
	"context"
	"errors"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/recent"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/overview"
	"github.com/tarpack/tpk/serve/internal/turns"
)

// keptOverviews is how many overviews an archive remembers. Each takes up to 1 MB.
const keptOverviews = 8

// overviewTime is how long a request waits for its turn to make an overview.
const overviewTime = 3 * time.Second

// errTooMany is returned if there was no turn in time.
var errTooMany = errors.New("too many overviews are being made")

// makingOverviews limits how many overviews are made at the same time, of all archives. Each keeps
// a processor busy, so that one is left for the rest.
var makingOverviews = turns.Half()

// overviewKey is a folder of an archive at a mount. The index that an overview was made of may have
// changed unless the archive's proof is the same.
type overviewKey struct {
	mount  string
	folder int
	proof  *guard.Proof
}

// newOverviews returns what remembers the overviews of an archive that were asked for last.
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
