package main

import (
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check every byte of an archive and its index",
		UsageText: "tpk verify ARCHIVE",
		Description: `Inflates all of ARCHIVE and compares checksums, hashes, tar headers and the index with each other. Prints a line for each
path that is not right, with its offset in ARCHIVE, and exits with 1 if there is one. A missing index is no problem; it is
said, and everything else is checked.` +
			examples("tpk verify site.tar.gz"),
		Flags: []cli.Flag{progressFlag()},
		Action: func(c *cli.Context) error {
			args, err := readArguments(c, 1, 1)
			if err != nil {
				return err
			}
			return runVerify(c, args[0])
		},
	}
}

func runVerify(c *cli.Context, name string) error {
	m := newMeter(c, "verifying")
	defer m.stop()
	list, set, err := tarpack.SetName(name)
	if err != nil {
		return err
	}
	verify, open := tarpack.Verify, tarpack.OpenContext
	if set {
		name, verify, open = list, tarpack.VerifySet, tarpack.OpenSet
	}
	if m.on {
		if a, err := open(c.Context, name, &tarpack.OpenOptions{NoIndex: true}); err == nil {
			m.expect(contents(a))
			a.Close()
		}
	}
	onlyIndex := true
	res, err := verify(c.Context, name, tarpack.VerifyOptions{
		Notice: m.notice, Progress: m.update,
		Problem: func(p *tarpack.Problem) {
			onlyIndex = onlyIndex && (errors.Is(p, tarpack.ErrStale) || errors.Is(p, sidecar.ErrCorrupt))
			m.say("tpk: " + oneLine(message(inArchive(name, p))))
		},
	})
	m.stop()
	if err != nil {
		return err
	}
	if res.Failed == 0 {
		_, err := fmt.Fprintf(c.App.Writer, "%s: all is well: %s entries, %s\n",
			quoteName(name), humanize.Comma(res.Entries), bytesOf(res.Bytes))
		return err
	}
	hint := "restore it from a good copy, or save what is whole with 'tpk repair'"
	if onlyIndex {
		hint = "make the index anew with 'tpk index'"
	}
	return &hinted{fmt.Errorf("%s: %s found", name, english.Plural(int(res.Failed), "problem", "")), hint}
}
