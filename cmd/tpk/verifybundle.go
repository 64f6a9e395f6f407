package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/bundle"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
)

// verifyBundle compares all files in a bundle with the sums that were written with them. So they
// are as they were when the archive was bundled; the archive itself is not decompressed.
func verifyBundle(c *cli.Context, name string, b *bundle.File, trust *signature.Trust) error {
	a, err := reading.Open(c, name)
	if err != nil {
		return err
	}
	entries := int64(a.Index().Len())
	if err := a.Close(); err != nil {
		return err
	}
	m := terminal.NewMeter(c, "verifying")
	defer m.Stop()
	var done format.Progress
	size, err := b.Verify(c.Context, bundle.VerifyOptions{Trust: trust, Progress: func(n int64) {
		done.Bytes += n
		m.Update(done)
	}})
	m.Stop()
	encoder := reading.NewJSONEncoder(c.App.Writer)
	damaged := errors.Is(err, bundle.ErrDamaged) || errors.Is(err, signature.ErrRefused)
	switch {
	case err != nil && !damaged:
		return err
	case c.Bool("json"):
		var failed int64
		if damaged {
			failed = 1
			if err := encoder.Encode(lineOf(&format.Problem{Offset: -1, Err: err}, err)); err != nil {
				return err
			}
		}
		if err := encoder.Encode(verifiedLine{name, entries, size, failed}); err != nil {
			return err
		}
	case err == nil && !terminal.IsQuiet(c):
		state := "bundled"
		if trust != nil {
			state = "signed"
		}
		_, err = fmt.Fprintf(c.App.Writer, "%s: all is as it was %s: %s, %s\n",
			report.Quote(name), state, report.Entries(entries), report.Bytes(size))
		return err
	}
	return report.In(name, err)
}
