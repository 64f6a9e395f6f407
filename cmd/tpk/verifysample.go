package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/bundle"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
)

// parseSample returns the options of a sample, or nil without --sample.
func parseSample(c *cli.Context) (*tarpack.SampleOptions, error) {
	text := c.String("sample")
	if !c.IsSet("sample") {
		if c.IsSet("seed") {
			return nil, report.Usagef("verify: --seed needs --sample")
		}
		return nil, nil
	}
	o := &tarpack.SampleOptions{}
	var err error
	if share, ok := strings.CutSuffix(text, "%"); ok {
		o.Share, err = strconv.ParseFloat(share, 64)
		o.Share /= 100
		if !(o.Share > 0 && o.Share <= 1) {
			err = strconv.ErrRange
		}
	} else if o.Count, err = strconv.ParseInt(text, 10, 64); o.Count < 1 {
		err = errors.Join(err, strconv.ErrRange)
	}
	if err != nil {
		return nil, report.Usagef("verify: --sample %s: must be a number from 1, or a share up to 100%%,"+
			" such as 5%%", report.Quote(text))
	}
	// A random seed fits into the integers of JSON readers.
	o.Seed = rand.Uint64N(1 << 53)
	if c.IsSet("seed") {
		if o.Seed, err = strconv.ParseUint(c.String("seed"), 10, 64); err != nil {
			return nil, report.Usagef("verify: --seed %s: must be a number from 0 to %d",
				report.Quote(c.String("seed")), uint64(math.MaxUint64))
		}
	}
	for _, name := range c.Args().Slice() {
		if remote.IsURL(name) {
			return nil, report.Usagef("verify: --sample is for files, not for %s",
				report.Quote(reading.ShownURL(name)))
		}
	}
	return o, nil
}

// one checks one archive, or a sample of it.
func (o *verifyOptions) one(c *cli.Context, name string) (res tarpack.VerifyResult, err error) {
	if o.sample == nil {
		return verify(c, name, o.trust)
	}
	m := terminal.NewMeter(c, "verifying")
	defer m.Stop()
	asJSON, encoder := c.Bool("json"), reading.NewJSONEncoder(c.App.Writer)
	var printErr error
	so := *o.sample
	so.Trust, so.Progress = o.trust, m.Update
	so.Problem = func(p *format.Problem) {
		switch {
		case !asJSON:
			m.Print(report.LineWithoutHint(report.In(name, p)))
		case printErr == nil:
			printErr = encoder.Encode(lineOf(p, p.Err))
		}
	}
	res, err = verifySample(c.Context, name, so)
	m.Stop()
	if err = errors.Join(err, printErr); err != nil {
		return res, err
	}
	seed := strconv.FormatUint(so.Seed, 10)
	if asJSON {
		line := verifiedLine{name, res.Entries, res.Bytes, res.Failed}
		err = encoder.Encode(sampledLine{line, seed})
	}
	switch {
	case err != nil:
		return res, err
	case res.Failed > 0:
		return res, report.WithHint(fmt.Errorf("%s: %s found in a sample with seed %s", name,
			count.Of(res.Failed, "problem", "problems"), seed), "'tpk verify' finds all")
	case asJSON || terminal.IsQuiet(c):
		return res, nil
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s: the sample with seed %s is well: %s, %s\n",
		report.Quote(name), seed, report.Entries(res.Entries), report.Bytes(res.Bytes))
	return res, err
}

// verifySample checks a sample of an archive, which may be in a bundle.
func verifySample(
	ctx context.Context, name string, o tarpack.SampleOptions,
) (tarpack.VerifyResult, error) {
	b, err := bundle.Open(ctx, name, &tarpack.OpenOptions{RequireSidecar: true,
		CheckIndex: math.MaxInt64, Trust: o.Trust})
	switch {
	case errors.Is(err, bundle.ErrNone):
		res, err := tarpack.VerifySample(ctx, name, o)
		if errors.Is(err, format.ErrNoSidecar) || errors.Is(err, format.ErrStale) {
			err = report.WithHint(err, "'tpk index' writes it")
		}
		return res, err
	case errors.Is(err, format.ErrStale):
		return tarpack.VerifyResult{}, report.WithHint(err, report.Hint(bundle.ErrDamaged))
	case err != nil:
		return tarpack.VerifyResult{}, err
	}
	res, err := b.VerifySample(ctx, o)
	return res, errors.Join(err, b.Close())
}

// A sampledLine is the last line of verify --sample --json. The seed is a string, since it may be
// larger than what readers of JSON keep exactly.
type sampledLine struct {
	verifiedLine
	Seed string `json:"seed"`
}
