package serve

import (
	"cmp"

	"github.com/tarpack/tpk/serve/internal/limit"
)

// defaultSearches is that of Options.MaxSearches.
const defaultSearches = 64

// limits returns the limits of the options.
func (o *Options) limits() (l limit.Limits) {
	if n := o.MaxRequestsPerIP; n > 0 {
		l.Requests = limit.NewRate(n, cmp.Or(o.Burst, 10*n))
	}
	if o.MaxDownloadsPerIP > 0 {
		l.Downloads = limit.NewSlots(o.MaxDownloadsPerIP)
	}
	all := cmp.Or(o.MaxSearches, defaultSearches)
	l.Searches = limit.NewShares(cmp.Or(o.MaxSearchesPerIP, (all+1)/2), all)
	return l
}
