package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/plan"
)

type planOptions struct {
	sources []string // a directory, or the files of an inventory
	out     string
	plan    plan.Options
	paths   iter.Seq2[string, error] // of --files-from; nil: all
	exact   bool                     // a directory in paths does not stand for what is below it
	schema  string
	json    bool
}

// inventoryOnly and directoryOnly are the flags that only one kind of source has.
var (
	inventoryOnly = []string{"schema"}
	directoryOnly = []string{"exclude", "exclude-from", "include", "dereference", "one-file-system",
		"special", "files-from", "workers"}
)

func planCommand() *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "divide a directory into lists, for packing on several machines",
		UsageText: "tpk plan [flags] --shards N DIR|INVENTORY...",
		Description: help.Text(`
Writes the directory DIR.plan with N lists of paths, and prints their names. Each list becomes one
shard, packed on any machine that has DIR, in any order:

  tpk pack --no-recursion -0T DIR.plan/00003-of-00064.list \
    DIR out-00003-of-00064.tar.gz

When all of them are there, 'tpk index out-00000-of-00064.tar.gz' joins them to one set. It reads
only their indexes.

The lists have about the same bytes, and never are there more lists than entries. Names end with a
zero byte. A directory is in a list only if nothing is below it; pack adds those above a path. The
order is that of an archive. A file with names in several shards is stored in each of them; one
warning counts these names.

--exclude, --include, -L, -T and the other flags that choose files are those of pack. Those that
change what is stored, such as --mode, belong to each pack. -T takes lists of any length, in any
order; with --no-recursion, a directory in them does not stand for what is below it. Entries are
sorted in temporary files, below $TMPDIR.

INVENTORY is an S3 inventory in CSV, as it is or compressed with gzip, in one or more files. The
keys are the paths below the directory where the bucket is mounted. If the columns are not Bucket,
Key, Size and others, copy fileSchema from manifest.json to --schema. Old versions and delete
markers are left out then.

With --json, each line is an object with manifest, shard (its number in the name of an archive),
entries and bytes.`,
			"DIR can't be read, there is nothing to pack, or the lists can't be written",
			"tpk plan --shards 64 site",
			"find . -print0 | tpk plan --shards 8 --no-recursion -0T - -o ../p .",
			"tpk plan --shards 64 -o plan data/*.csv.gz",
			"parallel --joblog log --resume tpk pack --skip-existing --no-recursion \\",
			"  -0T {} site out-{/.}.tar.gz ::: site.plan/*.list"),
		Flags: append(append(flags.Walk(), flags.FilesFrom()...),
			&cli.IntFlag{
				Name: "shards", DefaultText: "none", Usage: "write `N` lists",
				Action: flags.InRange("shards", 1, format.MaxShards),
			},
			&cli.StringFlag{
				Name: "output", Aliases: []string{"o"}, DefaultText: "DIR.plan",
				Usage: "write the lists into the new directory `PLAN`",
			},
			&cli.StringFlag{
				Name: "schema", DefaultText: plan.DefaultSchema,
				Usage: "`NAMES` of the columns of INVENTORY, with commas between them",
			},
			&cli.IntFlag{
				Name: "workers", DefaultText: "8", Action: flags.InRange("workers", 0, 1024),
				Usage: "read `N` directories at a time",
			},
			flags.Switch("json", "print one JSON object per line"),
			flags.Progress(),
		),
		Action: action(parsePlan, runPlan),
	}
}

func parsePlan(c *cli.Context) (o *planOptions, err error) {
	o = &planOptions{schema: c.String("schema"), json: c.Bool("json"), out: c.String("output")}
	if o.sources, err = flags.Arguments(c, 1, -1); err != nil {
		return nil, err
	}
	if !c.IsSet("shards") {
		return nil, report.Usagef("plan: --shards is needed: give the number of shards")
	}
	if o.out == "" {
		base := filepath.Base(filepath.Clean(o.sources[0]))
		if base == "." || base == ".." || base == "/" {
			return nil, report.Usagef("plan: --output is needed: %s has no name for the directory"+
				" of the lists", report.Quote(o.sources[0]))
		}
		o.out = base + ".plan"
	}
	wrong := directoryOnly
	if o.isDir() {
		wrong = inventoryOnly
		if len(o.sources) > 1 {
			return nil, report.Usagef("plan: %s: only one directory can be planned",
				report.Quote(o.sources[1]))
		}
	}
	for _, flag := range wrong {
		if c.IsSet(flag) {
			return nil, report.Usagef("plan: --%s: can't be used with %s", flag,
				map[bool]string{true: "a directory", false: "an inventory"}[o.isDir()])
		}
	}
	if plan.CheckSchema(o.schema) != nil {
		return nil, report.Usagef("plan: --schema %s: must name Bucket, Key and Size",
			report.Quote(o.schema))
	}
	o.plan = plan.Options{
		Shards: c.Int("shards"), Workers: c.Int("workers"), Dereference: c.Bool("dereference"),
		OneFileSystem: c.Bool("one-file-system"), Special: c.Bool("special"),
	}
	if o.plan.Exclude, o.plan.Include, err = flags.Globs(c); err != nil {
		return nil, err
	}
	if o.exact = c.Bool("no-recursion"); !o.exact {
		o.paths, err = flags.Paths(c)
		return o, err
	}
	for _, flag := range []string{"include", "one-file-system"} {
		if c.IsSet(flag) {
			return nil, report.Usagef("plan: --no-recursion and --%s can't be combined", flag)
		}
	}
	o.paths, err = flags.Paths(c)
	return o, err
}

// isDir reports whether the source is a directory, or is missing.
func (o *planOptions) isDir() bool {
	fi, err := os.Stat(o.sources[0])
	return err != nil || fi.IsDir()
}

func runPlan(c *cli.Context, o *planOptions) error {
	m := terminal.NewMeter(c, "planning")
	defer m.Stop()
	var res plan.Result
	var err error
	p := o.plan
	switch {
	case !o.isDir():
		res, err = plan.Inventory(c.Context, o.sources, o.out, plan.InventoryOptions{
			Shards: p.Shards, Schema: o.schema, Progress: m.Update,
		})
	case o.exact:
		res, err = plan.List(c.Context, o.sources[0], o.paths, o.out, plan.ListOptions{
			Shards: p.Shards, Workers: p.Workers, Exclude: p.Exclude, Dereference: p.Dereference,
			Special: p.Special, Notice: m.Notice, Progress: m.Update,
		})
	default:
		p.Notice, p.Progress = m.Notice, m.Update
		if o.paths == nil {
			res, err = plan.Dir(c.Context, o.sources[0], o.out, p)
		} else {
			res, err = plan.Names(c.Context, o.sources[0], o.paths, o.out, p)
		}
	}
	m.Stop()
	switch {
	case err != nil && c.Context.Err() != nil: // a signal
		return report.NewFile(o.out, err)
	case errors.Is(err, fs.ErrExist):
		return report.WithHint(err, "name another directory with -o, or delete this one")
	case err != nil:
		return err
	}
	if err := printPlan(c, o, &res); err != nil {
		return err
	}
	m.Summarize("planned %s (%s) in %d of %d shards", report.Entries(res.Entries),
		report.Bytes(res.Bytes), len(res.Manifests), p.Shards)
	return nil
}

// A plannedLine is a line of plan --json.
type plannedLine struct {
	Manifest string `json:"manifest"`
	Shard    string `json:"shard"`
	Entries  int64  `json:"entries"`
	Bytes    int64  `json:"bytes"`
}

// printPlan prints the manifests.
func printPlan(c *cli.Context, o *planOptions, res *plan.Result) error {
	var encoder *json.Encoder
	if o.json {
		encoder = reading.NewJSONEncoder(c.App.Writer)
	}
	for i, m := range res.Manifests {
		var err error
		if o.json {
			shard := fmt.Sprintf("%05d-of-%05d", i, len(res.Manifests))
			err = encoder.Encode(plannedLine{m.Name, shard, m.Entries, m.Bytes})
		} else {
			_, err = fmt.Fprintln(c.App.Writer, report.Quote(m.Name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
