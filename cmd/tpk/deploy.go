package main

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/tarpack/deploy"
	"github.com/tarpack/tpk/tarpack/format"
)

type deployOptions struct {
	from, archive  string
	generation     string // to roll back to
	rollback, list bool
	deploy         deploy.Options
}

func deployCommand() *cli.Command {
	return &cli.Command{
		Name:  "deploy",
		Usage: "put a new archive in the place of one that is served",
		UsageText: "tpk deploy [flags] NEW ARCHIVE\n" +
			"tpk deploy --rollback [flags] ARCHIVE [TIME]\n" +
			"tpk deploy --list ARCHIVE",
		Description: help.Text(`
Checks that NEW is an archive with an index that fits, and moves it to the name ARCHIVE, with all
that lies beside it: index, variants, text index, checksums and signature. A server that runs with
--watch, or gets SIGHUP, sends the new files from then on, and never some of each. What NEW lacks is
removed: no index or signature of the old archive stays.

The old archive is kept, with what belongs to it, as hard links in .ARCHIVE.generations beside
ARCHIVE. --keep sets how many of these stay; the oldest are removed. --list lists all, and
--rollback puts back the last one before the current, or the one of TIME, as --list prints it.

If the command is interrupted, or the disk is full, ARCHIVE is the old archive or the new one. In
rare cases what belongs to it is not there yet; the next run of the command for ARCHIVE completes
that. If NEW is on another file system it is copied, and removed at the end.

With --public-key, NEW must have been signed under the name of ARCHIVE. 'tpk verify NEW' checks all
of its bytes, which this command does not. Shard sets can't be deployed.`,
			"NEW can't be served, or is not put in place",
			"tpk deploy build/site.tar.gz /srv/site.tar.gz",
			"tpk deploy --list /srv/site.tar.gz",
			"tpk deploy --rollback /srv/site.tar.gz"),
		Flags: slices.Concat([]cli.Flag{
			&cli.IntFlag{Name: "keep", Value: 3, Usage: "keep `N` earlier archives",
				Action: flags.InRange("keep", 0, math.MaxInt32)},
			flags.Switch("rollback", "put an earlier archive back"),
			flags.Switch("list", "list the current archive and the earlier ones"),
			flags.Switch("json", "print one JSON object per line"),
		}, flags.Trust()),
		Action: action(parseDeploy, runDeploy),
	}
}

func parseDeploy(c *cli.Context) (*deployOptions, error) {
	o := &deployOptions{rollback: c.Bool("rollback"), list: c.Bool("list")}
	if o.rollback && o.list {
		return nil, report.Usagef("deploy: --rollback and --list don't go together")
	}
	if (o.rollback || o.list) && c.IsSet("keep") {
		return nil, report.Usagef("deploy: --keep is for a new archive")
	}
	low, high := 2, 2
	switch {
	case o.rollback:
		low = 1
	case o.list:
		low, high = 1, 1
	}
	args, err := flags.ManyArguments(c, low, high)
	if err != nil {
		return nil, err
	}
	switch {
	case o.list:
		o.archive = args[0]
	case o.rollback:
		o.archive = args[0]
		if len(args) > 1 {
			o.generation = args[1]
		}
	default:
		o.from, o.archive = args[0], args[1]
	}
	o.deploy.Keep = c.Int("keep")
	o.deploy.Trust, err = flags.ReadTrust(c)
	return o, err
}

func runDeploy(c *cli.Context, o *deployOptions) error {
	if o.list {
		return listGenerations(c, o.archive)
	}
	m := terminal.NewMeter(c, "deploying")
	defer m.Stop()
	var res deploy.Result
	var err error
	if o.rollback {
		res, err = deploy.Rollback(c.Context, o.archive, o.generation, o.deploy)
	} else {
		res, err = deploy.Deploy(c.Context, o.from, o.archive, o.deploy)
	}
	m.Stop()
	switch {
	case errors.Is(err, deploy.ErrSet):
		return report.WithHint(err, "rename its files, and send the server SIGHUP")
	case errors.Is(err, deploy.ErrNoGeneration), errors.Is(err, deploy.ErrNoEarlier):
		return report.WithHint(err, "see 'tpk deploy --list'")
	case errors.Is(err, deploy.ErrNotRemoved):
		return report.WithHint(err, "remove it")
	case errors.Is(err, format.ErrNoSidecar), errors.Is(err, format.ErrStale):
		return report.WithHint(err, "'tpk index' writes it")
	case err != nil:
		return err
	}
	if c.Bool("json") {
		return reading.NewJSONEncoder(c.App.Writer).Encode(deployedLine{o.archive, res.Current,
			res.Former, res.Bytes, append([]string{}, res.Removed...)})
	}
	if o.rollback {
		m.Summarize("%s is the archive of %s again (%s)", report.Quote(o.archive), res.Current,
			report.Bytes(res.Bytes))
		return nil
	}
	m.Summarize("deployed %s (%s); %s removed", report.Quote(o.archive), report.Bytes(res.Bytes),
		count.Of(int64(len(res.Removed)), "earlier archive", "earlier archives"))
	return nil
}

// listGenerations prints a line for each generation, the newest first.
func listGenerations(c *cli.Context, archive string) error {
	all, err := deploy.List(archive)
	if err != nil {
		return err
	}
	encoder := reading.NewJSONEncoder(c.App.Writer)
	for _, g := range all {
		if c.Bool("json") {
			err = encoder.Encode(generationLine{g.Name, g.Bytes, g.Current})
		} else {
			mark := " "
			if g.Current {
				mark = "*"
			}
			_, err = fmt.Fprintf(c.App.Writer, "%s %s  %s\n", mark, g.Name, report.Bytes(g.Bytes))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A deployedLine is the line of deploy --json.
type deployedLine struct {
	Archive string   `json:"archive"`
	Current string   `json:"current"`
	Former  string   `json:"former,omitempty"`
	Bytes   int64    `json:"bytes"`
	Removed []string `json:"removed"`
}

// A generationLine is a line of deploy --list --json.
type generationLine struct {
	Time    string `json:"time"`
	Bytes   int64  `json:"bytes"`
	Current bool   `json:"current"`
}
