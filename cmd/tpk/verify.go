package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/sidecar"
	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/bundle"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
	"github.com/tarpack/tpk/tarpack/variants"
)

type verifyOptions struct {
	archives []string
	trust    *signature.Trust // nil: signatures are not checked
	sample   *tarpack.SampleOptions
	results  *metricsFile // nil: not written
}

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check every byte of archives and their indexes",
		UsageText: "tpk verify [flags] ARCHIVE...",
		Description: help.Text(`
Decompresses all of ARCHIVE, and compares checksums, hashes, tar headers and the index with each
other. Prints one line for each problem, with the path and the offset in ARCHIVE. If there is no
index, a message says so and everything else is checked. With several archives, each is checked,
also after one that can't be read. Several shards of one set count as the set.

If there are variants (see 'tpk help variants'), all of them are decoded and compared with the
contents.

ARCHIVE may be a URL, as for 'tpk ls'. Then all of it is downloaded to temporary files first, in
$TMPDIR. One of another program is not converted then.

A tar or zip of another program is read as 'tpk convert' reads it, which compares its checksums, if
it has any. Each entry that can't be read, or would be refused, is a problem.

With --sample, a random sample of the entries is checked, and the index as far as it has hashes:
--sample 5% or --sample 1000. Each entry is as likely as any other, whatever its size. The seed is
printed; --seed checks the same entries again. The archive must be a file with an index.

With --metrics, FILE gets the time and the result of the last check of each archive, for 'tpk serve
--verify-metrics FILE' and for the textfile collector of Prometheus's node_exporter. Other archives
that FILE has stay in it.

With --json, problems are objects on standard output with path, offset and error. The last line of
each archive has archive, entries, bytes and problems.`,
			"there is a problem, or an archive can't be read",
			"tpk verify site.tar.gz",
			"tpk verify -q backups/*.tar.gz",
			"tpk verify --sample 5% dataset.tar.gz"),
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "sample",
				Usage: "check a random sample of entries: `N`, or a share such as 5%"},
			&cli.StringFlag{Name: "seed", Usage: "choose the sample by the number `N`"},
			&cli.StringFlag{Name: "metrics", Usage: "write the results to `FILE` for Prometheus"},
			flags.Switch("json", "print one JSON object per line"),
			flags.NoConvert(), flags.Progress(),
		}, flags.Trust(), flags.Server()),
		Action: action(parseVerify, runVerify),
	}
}

func parseVerify(c *cli.Context) (*verifyOptions, error) {
	args, err := flags.ManyArguments(c, 1, -1)
	if err != nil {
		return nil, err
	}
	o := &verifyOptions{archives: args}
	if o.trust, err = flags.ReadTrust(c); err != nil {
		return nil, err
	}
	if o.results, err = parseMetrics(c); err != nil {
		return nil, err
	}
	o.sample, err = parseSample(c)
	return o, err
}

// runVerify checks one archive after the other.
func runVerify(c *cli.Context, o *verifyOptions) (failed error) {
	if o.results != nil {
		if _, err := o.results.read(); err != nil {
			return err // now, not after hours
		}
	}
	for _, name := range o.archives {
		verify := func() (tarpack.VerifyResult, error) { return o.one(c, name) }
		var err error
		if o.results != nil {
			err = o.results.check(c.Context, name, verify)
		} else {
			_, err = verify()
		}
		if len(o.archives) == 1 || context.Cause(c.Context) != nil ||
			report.IsStandardOutput(err) {
			return err
		}
		if err != nil {
			fmt.Fprintln(c.App.ErrWriter, report.Line(err))
			failed = report.ErrReported
		}
	}
	return failed
}

// verify checks one archive. One on a server is downloaded to temporary files first.
func verify(
	c *cli.Context, name string, trust *signature.Trust,
) (res tarpack.VerifyResult, err error) {
	if b, err := bundle.OpenFile(name); err == nil {
		res, err = verifyBundle(c, name, b, trust)
		return res, errors.Join(err, b.Close())
	} else if errors.Is(err, bundle.ErrDamaged) || errors.Is(err, bundle.ErrVersion) {
		return res, err
	}
	d, err := reading.Download(c, name, trust)
	if err != nil {
		return res, err
	}
	res, err = verifyFile(c, d, trust)
	return res, errors.Join(d.Say(err), d.Close())
}

// verifyFile checks one archive that is a file.
func verifyFile(
	c *cli.Context, d *reading.Downloaded, trust *signature.Trust,
) (res tarpack.VerifyResult, err error) {
	name := d.File
	m := terminal.NewMeter(c, "verifying")
	defer m.Stop()
	if list, isSet, err := tarpack.SetList(name); err == nil && isSet {
		name = list // for messages
	}
	expectAll(c, m, name)
	damaged, inside, foreign, refused := false, false, false, false
	var printErr error
	var rest, shard error // about bytes behind the end, and a shard that is not the right one
	asJSON, encoder := c.Bool("json"), reading.NewJSONEncoder(c.App.Writer)
	problem := func(p *format.Problem) {
		refused = refused || errors.Is(p, signature.ErrRefused) && !errors.Is(p, signature.ErrIndex)
		switch {
		case errors.Is(p, format.ErrStale), errors.Is(p, sidecar.ErrCorrupt),
			errors.Is(p, format.ErrTempNames), errors.Is(p, signature.ErrIndex):
		case errors.As(p.Err, new(*format.UnfinishedError)):
			rest = p
		case errors.Is(p, format.ErrShard):
			if shard == nil || errors.Is(p, format.ErrShardMissing) {
				shard = p
			}
		default:
			damaged = true
		}
		inside = inside || errors.Is(p, format.ErrEmbedded)
		if asJSON {
			if printErr == nil {
				printErr = encoder.Encode(lineOf(p, d.Say(p.Err)))
			}
			return
		}
		m.Print(report.LineWithoutHint(d.Say(report.In(name, p))))
	}
	notice := func(err error) { m.Notice(d.Say(err)) }
	res, err = tarpack.Verify(c.Context, name,
		tarpack.VerifyOptions{Notice: notice, Progress: m.Update, Problem: problem,
			Trust: trust})
	if errors.Is(err, format.ErrNotArchive) && trust == nil && !d.Remote() &&
		!c.Bool(flags.NoConvertName) {
		foreign = true
		res, err = verifyForeign(c, name, m, problem)
	}
	var variantsHint string
	if err == nil && !foreign && !d.Remote() && res.Failed == 0 {
		res.Failed, variantsHint, err = verifyVariants(c, m, encoder, name, trust)
	}
	m.Stop()
	if err == nil {
		err = printErr
	}
	if err == nil && asJSON {
		err = encoder.Encode(verifiedLine{d.NameOf(name), res.Entries, res.Bytes, res.Failed})
	}
	if errors.Is(err, source.ErrChanged) && !errors.Is(err, format.ErrShard) {
		err = report.WithHint(err, report.HintChanged)
	}
	if err != nil || res.Failed == 0 && (asJSON || terminal.IsQuiet(c)) {
		return res, err
	}
	if res.Failed == 0 {
		well := "all is well"
		if foreign { // a tar has no checksums of contents
			well = "all of it can be read"
		}
		if trust != nil {
			well = "all is as it was signed"
		}
		_, err := fmt.Fprintf(c.App.Writer, "%s: %s: %s, %s\n",
			report.Quote(d.NameOf(name)), well, report.Entries(res.Entries), report.Bytes(res.Bytes))
		return res, err
	}
	hint := "rebuild the index with 'tpk index'"
	if d.Remote() { // that is all that can be said: the commands below change files
		return res, report.WithHint(fmt.Errorf("%s: %s found", d.NameOf(name),
			count.Of(res.Failed, "problem", "problems")), "upload a good copy with its .tpi")
	}
	switch {
	case variantsHint != "": // the archive is in order
		hint = variantsHint
	case foreign:
		hint = "'tpk convert' converts the other entries"
	case refused:
		hint = report.HintRefused
	case errors.Is(shard, format.ErrShardMissing):
		hint = report.HintShardMissing
	case shard != nil: // repair refuses such a set
		hint = report.Hint(shard)
	case rest != nil && (!damaged || errors.Is(rest, format.ErrJoined) ||
		errors.Is(rest, format.ErrMayBeArchive)): // repair keeps both
		hint = report.Hint(rest)
	case damaged:
		hint = report.HintDamaged
	case inside:
		hint = "'tpk index --embed' appends the index again"
	}
	problems := count.Of(res.Failed, "problem", "problems")
	return res, report.WithHint(fmt.Errorf("%s: %s found", name, problems), hint)
}

// verifyVariants decodes the variants of an archive, if it has some, and compares them with it.
func verifyVariants(c *cli.Context, m *terminal.Meter, encoder *json.Encoder, name string,
	trust *signature.Trust,
) (failed int64, hint string, err error) {
	var printErr error
	problem := func(p *format.Problem) {
		switch hint = report.HintStaleVariants(); {
		case errors.Is(p, codings.ErrMissing):
			hint = "the archive is in order; a full build of tpk checks its variants, too"
		case p.Path == "" && !errors.Is(p, codings.ErrStale): // refresh can't open the file either
			hint = report.HintVariants()
		}
		switch {
		case !c.Bool("json"):
			m.Print(report.LineWithoutHint(report.In(name, p)))
		case printErr == nil:
			printErr = encoder.Encode(lineOf(p, p.Err))
		}
	}
	res, err := variants.Verify(c.Context, name,
		variants.VerifyOptions{Trust: trust, Problem: problem})
	if errors.Is(err, variants.ErrNone) || errors.Is(err, variants.ErrDevice) {
		return 0, "", nil
	}
	return res.Failed, hint, errors.Join(err, printErr)
}

// expectAll tells the meter how much verify reads of an archive.
func expectAll(c *cli.Context, m *terminal.Meter, name string) {
	if !m.On() {
		return
	}
	a, err := tarpack.Open(c.Context, name, &tarpack.OpenOptions{RequireSidecar: true})
	if err == nil {
		m.Expect(toVerify(a))
		a.Close()
	}
}

// toVerify returns how much verify reads of an archive. The content of a hard link is not read
// again.
func toVerify(a *tarpack.Archive) format.Progress {
	x := a.Index()
	return format.Progress{Entries: int64(x.Len()), Bytes: int64(x.Stats().FileBytes)}
}

// verifyForeign reads all of a tar or zip of another program, by converting it.
func verifyForeign(
	c *cli.Context, name string, m *terminal.Meter, problem func(*format.Problem),
) (res tarpack.VerifyResult, err error) {
	store := &cache.Cache{Dir: reading.CacheDir()}
	a, err := store.Open(c.Context, name, cache.Options{
		Fresh: true, Notice: m.Notice, Progress: m.Update, Problem: problem})
	if err != nil {
		return res, err
	}
	all := reading.Contents(a.Archive)
	res = tarpack.VerifyResult{Entries: all.Entries, Bytes: all.Bytes, Failed: a.Refused}
	return res, a.Close()
}

// A problemLine is a line of verify --json. PathBase64 has a path that is not UTF-8.
type problemLine struct {
	Path       string `json:"path"`
	PathBase64 []byte `json:"path_base64,omitempty"`
	Offset     int64  `json:"offset"`
	Error      string `json:"error"`
}

// lineOf returns the line of a problem, with the error as it is to be printed.
func lineOf(p *format.Problem, err error) problemLine {
	return problemLine{p.Path, reading.NotUTF8([]byte(p.Path)), p.Offset, err.Error()}
}

// A verifiedLine is the last line of verify --json.
type verifiedLine struct {
	Archive  string `json:"archive"`
	Entries  int64  `json:"entries"`
	Bytes    int64  `json:"bytes"`
	Problems int64  `json:"problems"`
}
