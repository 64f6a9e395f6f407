package main

import (
	"fmt"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/editing"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/variants"
)

type variantsOptions struct {
	archive string
	drop    bool
	build   variants.Options
}

func variantsCommand() *cli.Command {
	return &cli.Command{
		Name:      "variants",
		Usage:     "encode an archive's files for browsers: brotli, Zstandard",
		UsageText: "tpk variants [--br] [--dcz] [--zstd] [flags] ARCHIVE",
		Description: help.Text(`
Writes ARCHIVE.tpv: files of ARCHIVE in other codings, which 'tpk serve' sends to browsers that
accept them. It has those that are at least 5 % smaller than in ARCHIVE. ARCHIVE stays as it is, and
can be read and served without it.

--br is brotli. --dcz is Zstandard with a dictionary that the web pages share: compression
dictionary transport (RFC 9842). A browser that supports it fetches the dictionary once, when it is
idle, and each further page takes a fraction of its bytes. The dictionary is chosen from the pages.
If there are few pages, or they have too little in common, there is none. --zstd is Zstandard alone.

Brotli at level 11 takes about two seconds per MB and CPU, level 9 a sixth. If the command is
stopped or killed, it goes on where it was when it is run again with the same flags.

update, add, rm, compact, merge and index --embed bring ARCHIVE.tpv up to date. After any other
change, --refresh does. What is unchanged is not encoded again, and the dictionary stays the same.
It can have text of pages that were removed since. --drop removes ARCHIVE.tpv, and with it the
dictionary. Variants that 'tpk pack --siblings' took from files stay in ARCHIVE.tpv until codings
are named.

'tpk verify' decodes all of ARCHIVE.tpv and compares it with ARCHIVE. No signature is needed for it:
of an archive that was signed, the server sends only what decodes to the content that was signed.

With --json, the result is an object on standard output.`,
			"ARCHIVE can't be read or ARCHIVE.tpv can't be written",
			"tpk variants --br --dcz site.tar.gz",
			"tpk variants --br --level 9 site.tar.gz",
			"tpk variants --refresh site.tar.gz"),
		Flags: append(flags.Codings(),
			&cli.IntFlag{
				Name: "level", Value: codings.MaxLevel,
				Action: flags.InRange("level", 0, codings.MaxLevel),
				Usage:  "level of brotli, `N` from 0 (fastest) to 11 (smallest)",
			},
			flags.Switch("refresh", "bring ARCHIVE.tpv up to date, with the codings that it has"),
			flags.Switch("drop", "remove ARCHIVE.tpv"),
			flags.Workers(),
			flags.Switch("json", "print the result as a JSON object"), flags.Progress()),
		Action: action(parseVariants, runVariants),
	}
}

func parseVariants(c *cli.Context) (*variantsOptions, error) {
	args, err := flags.EditArguments(c, 1, 1)
	if err != nil {
		return nil, err
	}
	o := &variantsOptions{archive: args[0], drop: c.Bool("drop")}
	o.build.Workers = c.Int("workers")
	o.build.Settings.Codings = flags.ParseCodings(c)
	o.build.Settings.Level = c.Int("level")
	refresh := c.Bool("refresh")
	switch {
	case o.drop && (refresh || c.Bool("json")):
		return nil, report.Usagef("variants: --drop can't be combined with --refresh or --json")
	case (o.drop || refresh) && (o.build.Settings.Codings != 0 || c.IsSet("level")):
		return nil, report.Usagef("variants: --refresh and --drop can't be combined with codings" +
			" or --level")
	case !o.drop && !refresh && o.build.Settings.Codings == 0:
		return nil, report.Usagef("variants: name the codings: --br, --dcz or --zstd," +
			" or use --refresh or --drop")
	}
	return o, nil
}

func runVariants(c *cli.Context, o *variantsOptions) error {
	if o.drop {
		size, err := variants.Drop(o.archive)
		if err == nil && !terminal.IsQuiet(c) {
			terminal.NewMeter(c, "removing").Summarize("%s: variants removed: %s",
				report.Quote(o.archive), report.Bytes(size))
		}
		return err
	}
	res, err := editing.BuildVariants(c, o.archive, o.build)
	switch {
	case err != nil:
		return err
	case c.Bool("json"):
		return printVariantsJSON(c, o.archive, &res)
	case terminal.IsQuiet(c):
		return nil
	}
	return printVariants(c, &res)
}

// printVariants prints a line for each coding.
func printVariants(c *cli.Context, res *variants.Result) error {
	lines := fmt.Sprintf("%s: %s tried, %s in gzip\n", report.Quote(res.Name),
		report.Entries(res.Contents), report.Bytes(res.Gzip))
	for coding := range codings.NumCodings {
		if n := res.Codings[coding]; res.Settings.Codings.Has(coding) || n.Contents > 0 {
			lines += fmt.Sprintf("%s: %s, %s instead of %s\n", coding,
				report.Entries(n.Contents), report.Bytes(n.Bytes), report.Bytes(n.Gzip))
		}
	}
	if res.Settings.Codings.Has(codings.DictionaryZstd) {
		lines += fmt.Sprintf("dictionary: %s\n", report.Bytes(res.DictionaryBytes))
	}
	_, err := fmt.Fprint(c.App.Writer, lines)
	return err
}

func printVariantsJSON(c *cli.Context, archive string, res *variants.Result) error {
	line := variantsLine{
		Archive: archive, Variants: res.Name, Contents: res.Contents, Reused: res.Reused,
		GzipBytes: res.Gzip, Dictionaries: res.Dictionaries, DictionaryBytes: res.DictionaryBytes,
		Bytes: res.Bytes, Codings: map[string]codingLine{},
	}
	for coding := range codings.NumCodings {
		if n := res.Codings[coding]; res.Settings.Codings.Has(coding) || n.Contents > 0 {
			line.Codings[coding.String()] = codingLine{n.Contents, n.Gzip, n.Bytes}
		}
	}
	return reading.NewJSONEncoder(c.App.Writer).Encode(line)
}

// A variantsLine is the line of --json.
type variantsLine struct {
	Archive         string                `json:"archive"`
	Variants        string                `json:"variants"`
	Contents        int64                 `json:"contents"`
	Reused          int64                 `json:"reused"`
	GzipBytes       int64                 `json:"gzip_bytes"`
	Codings         map[string]codingLine `json:"codings"`
	Dictionaries    int                   `json:"dictionaries"`
	DictionaryBytes int64                 `json:"dictionary_bytes"`
	Bytes           int64                 `json:"bytes"`
}

// A codingLine has the contents that gain in one coding, with their bytes in gzip and in it.
type codingLine struct {
	Contents  int64 `json:"contents"`
	GzipBytes int64 `json:"gzip_bytes"`
	Bytes     int64 `json:"bytes"`
}
