package reading

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Opener opens archives on servers for a long time, with one cache for all.
type Opener struct {
	Flags  *flags.RemoteOptions
	Trust  *signature.Trust
	Notice func(string) // for the log
	blocks *blocks.Cache
}

// Open returns a function that opens the archive with a URL, as often as it is called. If within is
// set, servers can't redirect elsewhere.
func (o *Opener) Open(
	url string, within *Prefixes,
) (func(context.Context) (*tarpack.Archive, error), error) {
	ro, err := remoteOptions(url, o.Flags, within)
	if err != nil {
		return nil, err
	}
	weak := false
	notice := func(err error) {
		if errors.Is(err, object.ErrWeak) {
			if weak { // at each reload
				return
			}
			weak = true
		}
		o.Notice(strings.TrimPrefix(report.Line(err), "tpk: "))
	}
	if o.blocks == nil {
		o.blocks = blocks.New(blocks.Options{Dir: cmp.Or(o.Flags.CacheDir, ServiceCacheDir()),
			Limit: o.Flags.CacheSize, Notice: notice})
	}
	// Clients wait meanwhile.
	ro.Retries, ro.RetryAfter = 1, time.Second
	ro.HeaderTimeout, ro.StallTimeout = 5*time.Second, 10*time.Second
	ro.Blocks, ro.BuildIndex, ro.Trust, ro.Notice = o.blocks, o.Flags.BuildIndex, o.Trust, notice
	return func(ctx context.Context) (*tarpack.Archive, error) {
		a, err := remote.Open(ctx, url, ro)
		if err != nil {
			return nil, HintRemote(err)
		}
		return a, nil
	}, nil
}

// ShownURL returns the URL of an archive without its password and query.
func ShownURL(name string) string {
	u, err := url.Parse(name)
	if err != nil || strings.HasPrefix(name, "s3://") {
		return name
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment = nil, "", false, ""
	return u.String()
}
