package main

import (
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/text"
)

// An optional feature is one that a build can lack: see the build tag minimal.
type optional struct {
	name  string // in the output of "version --json"
	about string // in messages; "" for a command
	has   bool
	flags []string // what only it needs
	words []string // what the help of a command names that has to do with it
}

func optionals() []optional {
	const full = !edition.Minimal
	all := []optional{
		{"encodings", "encodings but UTF-8, UTF-16 and Windows-1252", full,
			[]string{"zip-encoding"}, []string{"--zip-encoding"}},
		{"formats", "brotli, lz4, lzma, xz and Zstandard", full,
			[]string{"br", "dcz", "siblings", "zstd"}, []string{"zstd", "variants"}},
		{"highlighting", "Markdown and highlighting", serve.Highlighting, nil, nil},
		{"live", "live directories", full, []string{"live"}, nil},
		{"pages", "pages beside plain lists", serve.Pages, nil, []string{"?list"}},
		{"s3", "S3", s3.Supported, []string{"s3-endpoint", "part-size"}, []string{"s3://", "S3"}},
		{"text-search", "text search", text.Supported, []string{"text"}, []string{".tpx"}},
	}
	for _, name := range absent {
		if !strings.HasSuffix(name, "mount") { // which depends on the platform, too
			all = append(all, optional{name: name, has: full})
		}
	}
	return all
}

// absent are the names of the commands that the small build lacks.
var absent = []string{"bundle", "deploy", "mount", "patch", "plan", "pull", "umount", "variants",
	"web"}

// absentCommand returns a command in place of one that this build lacks.
func absentCommand(name string) *cli.Command {
	return &cli.Command{Name: name, Hidden: true, SkipFlagParsing: true,
		Usage: "this build has no such command",
		Action: func(*cli.Context) error {
			return report.Usagef("%s: this build has no such command", name)
		}}
}

// reduce takes out of the help what this build lacks, and adds what that is. The flags of it are
// still known, and refused with the reason.
func reduce(app *cli.App, all []optional) {
	missing := slices.DeleteFunc(all, func(o optional) bool { return o.has })
	if len(missing) == 0 {
		return
	}
	about := lacks(missing)
	if edition.Minimal {
		about += " It has none of the commands " + strings.Join(absent, ", ") + "."
	}
	app.Description = help.Insert(app.Description, about)
	for _, cmd := range app.Commands {
		concerned := slices.DeleteFunc(slices.Clone(missing), func(o optional) bool {
			return !slices.ContainsFunc(o.words, func(w string) bool {
				return strings.Contains(cmd.Description, w)
			}) && !slices.ContainsFunc(cmd.Flags, o.owns)
		})
		if len(concerned) == 0 {
			continue
		}
		cmd.Description = help.Insert(cmd.Description, lacks(concerned))
		for _, o := range concerned {
			for _, f := range cmd.Flags {
				if o.owns(f) {
					f.Hide()
				}
			}
		}
		cmd.Before = func(c *cli.Context) error { return refuse(c, concerned) }
	}
}

// owns reports whether a flag is only for the feature.
func (o optional) owns(f cli.Flag) bool { return slices.Contains(o.flags, f.Names()[0]) }

// lacks returns a sentence.
func lacks(missing []optional) string {
	var names []string
	for _, o := range missing {
		if o.about != "" {
			names = append(names, o.about)
		}
	}
	return "This build has no " + strings.Join(names, ", no ") + "."
}

// refuse returns an error for a flag of a missing feature, and for a variable in place of it.
func refuse(c *cli.Context, missing []optional) error {
	for _, o := range missing {
		for _, name := range o.flags {
			switch {
			case c.IsSet(name):
				return report.Usagef("%s: --%s: this build has no %s", c.Command.Name, name, o.about)
			case c.Command.Name == "serve" && flags.InEnvironment(c.Command, name):
				return report.Usagef("serve: %s: this build has no %s", flags.Variable(name), o.about)
			}
		}
	}
	return nil
}
