package respond

import (
	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// Checks are checks of several answers, the bytes of which were all read before the first check. So
// one system call does for those of an archive.
type Checks = archives.Checks

// Unchanged returns false if an answer that was made at once may be another generation's. It must
// be made again then.
func (x *Exchange) Unchanged(c *Checks) bool {
	if !x.viewed { // it is made of no archive
		return true
	}
	variant := x.Plan.Body.Kind == plan.VariantBody && x.Plan.Sends()
	return x.view.CheckWith(c, variant) == nil && x.view.CheckBody() == nil
}
