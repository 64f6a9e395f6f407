package main

import (
	"errors"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/text"
)

// indexText writes the text index of the archive name.
func indexText(c *cli.Context, name string) (err error) {
	m := terminal.NewMeter(c, "reading")
	defer m.Stop()
	a, err := tarpack.Open(c.Context, name, &tarpack.OpenOptions{Notice: m.Notice})
	if err != nil {
		return err
	}
	defer a.Close() // opened for reading only: errors lose nothing
	m.Expect(reading.Contents(a))
	out := a.Name() + text.Suffix
	res, err := text.Build(c.Context, a, out, text.BuildOptions{Progress: m.Update})
	m.Stop()
	switch {
	case errors.Is(err, text.ErrTarget), errors.Is(err, format.ErrNotRegular):
		return report.WithHint(err, "move it away")
	case err != nil:
		return report.NewFile(out, err)
	}
	m.Summarize("indexed the words of %s of %s (%s)", report.Documents(int64(res.Documents)),
		report.Quote(a.Name()), report.Bytes(res.Bytes))
	return nil
}
