package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/internal/verified"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/remote"
)

// metricsFile is the file of verify --metrics.
type metricsFile struct{ name string }

// parseMetrics returns the file that --metrics names, or nil.
func parseMetrics(c *cli.Context) (*metricsFile, error) {
	name := c.String("metrics")
	switch {
	case !c.IsSet("metrics"):
		return nil, nil
	case name == "":
		return nil, report.Usagef("verify: --metrics : must be the name of a file")
	case name == "-":
		return nil, report.Usagef("verify: '-': it doesn't write to standard output:" +
			" name a file, or ./- for one of that name")
	}
	return &metricsFile{name: name}, nil
}

// read returns the results in the file. One that has anything else in it must not be replaced.
func (m *metricsFile) read() (map[string]verified.Result, error) {
	all, err := verified.Read(m.name)
	if errors.Is(err, verified.ErrForeign) {
		err = report.WithHint(fmt.Errorf("%s: is not a file of verify --metrics",
			report.Quote(m.name)), "choose another name")
	}
	return all, err
}

// check verifies an archive and adds the result to the file. What the file has of other archives
// stays. If ctx has ended, nothing was found out, and nothing is added.
func (m *metricsFile) check(
	ctx context.Context, archive string, verify func() (tarpack.VerifyResult, error),
) error {
	before := digestOf(ctx, archive)
	res, failed := verify()
	if context.Cause(ctx) != nil {
		return failed
	}
	now := verified.Result{Entries: res.Entries, Bytes: res.Bytes, Problems: res.Failed}
	if after := digestOf(ctx, archive); after == before { // else it is unclear what was verified
		now.Digest = after
	}
	if failed != nil {
		now.Problems = max(now.Problems, 1)
	}
	return errors.Join(failed, m.note(archive, now))
}

// note adds a result to the file, which others may have changed meanwhile.
func (m *metricsFile) note(archive string, now verified.Result) error {
	onServer := remote.IsURL(archive)
	if onServer {
		archive = reading.ShownURL(archive)
	}
	path, err := verified.Path(archive, onServer)
	if err != nil {
		return err
	}
	all, err := m.read()
	if err != nil {
		return err
	}
	all[path] = verified.Note(all[path], now, time.Now())
	return verified.Write(m.name, all)
}

// digestOf returns the digest of an archive's index, or "" if it has no usable one.
func digestOf(ctx context.Context, name string) string {
	if remote.IsURL(name) {
		return ""
	}
	store := &cache.Cache{}
	a, err := store.Open(ctx, name, cache.Options{NoConvert: true, Quick: true})
	if err != nil {
		return ""
	}
	defer a.Close() // opened for reading only
	return fmt.Sprintf("%016x", a.Index().Digest())
}
