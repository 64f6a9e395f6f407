package main

import (
	"errors"
	"fmt"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/bundle"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
)

// verifyBundle compares all files in a bundle with the sums that were written with them. So they
// are as they were when the archive was bundled; the archive itself is not decompressed.
func verifyBundle(
	c *cli.Context, name string, b *bundle.File, trust *signature.Trust,
) (res tarpack.VerifyResult, err error) {
	a, err := reading.Open(c, name)
	if err != nil {
		return res, err
	}
	res.Entries = int64(a.Index().Len())
	if err := a.Close(); err != nil {
		return res, err
	}
	m := terminal.NewMeter(c, "verifying")
	defer m.Stop()
	var done format.Progress
	res.Bytes, err = b.Verify(c.Context, bundle.VerifyOptions{Trust: trust, Progress: func(n int64) {
		done.Bytes += n
		m.Update(done)
	}})
	m.Stop()
	encoder := reading.NewJSONEncoder(c.App.Writer)
	damaged := errors.Is(err, bundle.ErrDamaged) || errors.Is(err, signature.ErrRefused)
	if damaged {
		res.Failed = 1
	}
	switch {
	case err != nil && !damaged:
		return res, err
	case c.Bool("json"):
		if damaged {
			if err := encoder.Encode(lineOf(&format.Problem{Offset: -1, Err: err}, err)); err != nil {
				return res, err
			}
		}
		if err := encoder.Encode(verifiedLine{name, res.Entries, res.Bytes, res.Failed}); err != nil {
			return res, err
		}
	case err == nil && !terminal.IsQuiet(c):
		state := "bundled"
		if trust != nil {
			state = "signed"
		}
		_, err = fmt.Fprintf(c.App.Writer, "%s: all is as it was %s: %s, %s\n",
			report.Quote(name), state, report.Entries(res.Entries), report.Bytes(res.Bytes))
		return res, err
	}
	return res, report.In(name, err)
}
