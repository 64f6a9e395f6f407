package main

import (
	"errors"
	"fmt"

	"github.com/dustin/go-humanize/english"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check every byte of an archive and its index",
		UsageText: "tpk verify [flags] ARCHIVE",
		Description: help.Text(`
Decompresses all of ARCHIVE, and compares checksums, hashes, tar headers and the index with each
other. Prints one line for each problem, with the path and the offset in ARCHIVE. If there is no
index, a message says so and everything else is checked.

With --json, problems are objects on standard output with path, offset and error. The last line has
archive, entries, bytes and problems.`,
			"there is a problem",
			"tpk verify site.tar.gz"),
		Flags: []cli.Flag{
			flags.Switch("json", "print one JSON object per line"), flags.Progress(),
		},
		Action: action(readArgument, runVerify),
	}
}

func runVerify(c *cli.Context, name string) error {
	m := terminal.NewMeter(c, "verifying")
	defer m.Stop()
	if list, isSet, err := tarpack.SetList(name); err == nil && isSet {
		name = list // for messages
	}
	if m.On() {
		if a, err := tarpack.Open(c.Context, name,
			&tarpack.OpenOptions{RequireSidecar: true}); err == nil {
			m.Expect(reading.Contents(a))
			a.Close()
		}
	}
	onlyIndex := true
	var printErr error
	asJSON, encoder := c.Bool("json"), reading.NewJSONEncoder(c.App.Writer)
	res, err := tarpack.Verify(c.Context, name, tarpack.VerifyOptions{
		Notice: m.Notice, Progress: m.Update,
		Problem: func(p *format.Problem) {
			if !errors.Is(p, format.ErrStale) && !errors.Is(p, sidecar.ErrCorrupt) {
				onlyIndex = false
			}
			if asJSON {
				printErr = errors.Join(printErr, encoder.Encode(problemLine{
					p.Path, reading.NotUTF8([]byte(p.Path)), p.Offset, p.Err.Error(),
				}))
				return
			}
			m.Print(report.LineWithoutHint(report.In(name, p)))
		},
	})
	m.Stop()
	if err == nil && asJSON {
		err = encoder.Encode(verifiedLine{name, res.Entries, res.Bytes, res.Failed})
	}
	if err := errors.Join(err, printErr); err != nil {
		return err
	}
	if res.Failed == 0 && asJSON {
		return nil
	}
	if res.Failed == 0 {
		_, err := fmt.Fprintf(c.App.Writer, "%s: all is well: %s entries, %s\n",
			report.Quote(name), report.Count(res.Entries), report.Bytes(res.Bytes))
		return err
	}
	hint := report.HintDamaged
	if onlyIndex {
		hint = "rebuild the index with 'tpk index'"
	}
	problems := english.Plural(int(res.Failed), "problem", "")
	return report.WithHint(fmt.Errorf("%s: %s found", name, problems), hint)
}

// A problemLine is a line of verify --json. PathBase64 has a path that is not UTF-8.
type problemLine struct {
	Path       string `json:"path"`
	PathBase64 []byte `json:"path_base64,omitempty"`
	Offset     int64  `json:"offset"`
	Error      string `json:"error"`
}

// A verifiedLine is the last line of verify --json.
type verifiedLine struct {
	Archive  string `json:"archive"`
	Entries  int64  `json:"entries"`
	Bytes    int64  `json:"bytes"`
	Problems int64  `json:"problems"`
}
