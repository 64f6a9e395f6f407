package reading

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
)

// Again returns a function that opens an archive again that [OpenLong] has opened, after another
// one has replaced it. Messages go to notice. wait makes it return an error if the new archive has
// no usable index: that may be written in a moment.
func Again(c *cli.Context, name string, notice func(string)) (
	again func(ctx context.Context, wait bool) (*cache.Archive, error), err error,
) {
	ro, err := flags.ReadRemote(c)
	if err != nil {
		return nil, err
	}
	trust, err := flags.ReadTrust(c)
	if err != nil {
		return nil, err
	}
	if remote.IsURL(name) {
		opener := &Opener{Flags: ro, Trust: trust, Notice: notice}
		open, err := opener.Open(name, nil)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, _ bool) (*cache.Archive, error) {
			a, err := open(ctx)
			if err != nil {
				return nil, err
			}
			return &cache.Archive{Archive: a}, nil
		}, nil
	}
	store := &cache.Cache{Dir: cmp.Or(ro.CacheDir, CacheDir()), Limit: ro.CacheSize}
	o := cache.Options{NoConvert: c.Bool(flags.NoConvertName), Trust: trust, CheckIndex: maxSmallCheck,
		KeepIndex: true,
		Notice:    func(err error) { notice(strings.TrimPrefix(report.Line(err), "tpk: ")) }}
	return func(ctx context.Context, wait bool) (*cache.Archive, error) {
		if !wait {
			return store.Open(ctx, name, o)
		}
		a, err := tarpack.Open(ctx, name, &tarpack.OpenOptions{RequireSidecar: true,
			CheckIndex: o.CheckIndex, Trust: trust})
		if errors.Is(err, format.ErrNotArchive) {
			return store.Open(ctx, name, o) // it was converted before
		}
		if err != nil {
			return nil, err
		}
		return &cache.Archive{Archive: a}, nil
	}, nil
}
