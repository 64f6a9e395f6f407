package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/pull"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

type pullOptions struct {
	url, out string
	json     bool
	trust    *signature.Trust
	pull     pull.Options
	extract  pullExtract
}

func pullCommand() *cli.Command {
	return &cli.Command{
		Name:      "pull",
		Usage:     "download an archive, except for what an older one has",
		UsageText: "tpk pull [flags] URL OUT.tar.gz",
		Description: help.Text(`
Makes OUT.tar.gz and its index the archive at URL, which begins with https://, http:// or s3://, or
is the name of a file. Its index must be beside it or in it, or is built with --index build.
Contents that OLD has are copied from there, as are equal parts of large files. OLD is the archive
or shard set of --from, or else OUT.tar.gz itself. Headers are made from the index. The rest is
downloaded in ranges, four at a time. If a patch of 'tpk patch' for OLD is beside the archive, and
shorter than the rest, it is downloaded in its place.

The result is checked before it replaces OUT.tar.gz: it is read from end to end, and its index must
be the one at URL. So paths, contents, modes, times and links are as the index states. It has the
bytes of the archive at URL if their SHA-256 is known: with --public-key it must be
the one that was signed, and a result of a patch must have the one in the patch. Without a key, the
one in URL.sum, which 'tpk sign' writes, is compared: if it differs, everything is downloaded, with
a warning if URL.sum is not of the archive at URL. Otherwise two things rest on the lengths of the
compressed bytes, and on a comparison of some: that headers have no owners, and that equal contents
were compressed by the same program.

With --public-key, checksums and signature are put beside OUT.tar.gz if it has the name that was
signed. Those of an archive that is replaced are removed.

With --extract, DIR becomes what extracting OUT.tar.gz gives. Files whose content differs are
replaced one by one, each by a rename, and what only OLD has is removed. If DIR has something that
is in neither archive, nothing is changed unless --delete is given. The new archive replaces
OUT.tar.gz when DIR is up to date, so a run that was stopped can be repeated.

If it is stopped, OUT.tar.gz stays as it was. What was downloaded is kept beside it, in the hidden
file .OUT.tar.gz.pull.tpk-tmp. The next run goes on from there; delete the file if there is none.

With --json, it prints an object with these members:
 entries, bytes     of the archive
 index_bytes        of its index
 copied             bytes taken from OLD
 made               bytes of headers and padding made from the index
 fetched, requests  bytes that were downloaded, and in how many ranges
 patch              of these, bytes of a patch that was used
 resumed            bytes that an earlier run had downloaded
 written, removed   with --extract: entries of DIR`,
			"the archive can't be downloaded, or isn't right",
			"tpk pull https://example.org/site.tar.gz site.tar.gz",
			"tpk pull --from old.tar.gz https://example.org/site.tar.gz new.tar.gz",
			"tpk pull --extract /srv/www https://example.org/site.tar.gz site.tar.gz",
			"tpk pull --public-key site.pub https://example.org/site.tar.gz site.tar.gz"),
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "copy from the archive `OLD`, not from OUT.tar.gz"},
		}, pullExtractFlags(), []cli.Flag{
			flags.Switch("json", "print what was done as a JSON object"),
			flags.Workers(), flags.Progress(),
		}, flags.Trust(), flags.Remote()),
		Action: action(parsePull, runPull),
	}
}

func parsePull(c *cli.Context) (*pullOptions, error) {
	args, err := flags.Arguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &pullOptions{url: args[0], out: args[1], json: c.Bool("json")}
	if scheme, _, ok := strings.Cut(o.url, "://"); ok && !remote.IsURL(o.url) {
		return nil, report.Usagef("pull: %s: URL must begin with https://, http:// or s3://, not %s://",
			report.Quote(o.url), report.Quote(scheme))
	}
	if remote.IsURL(o.url) {
		if _, err := reading.IsRemote(c, o.url); err != nil {
			return nil, err
		}
	}
	if remote.IsURL(o.out) {
		return nil, report.Usagef("pull: %s: OUT.tar.gz must be a file", report.Quote(o.out))
	}
	if err := flags.CheckArchiveName(c, o.out); err != nil {
		return nil, err
	}
	if o.trust, err = flags.ReadTrust(c); err != nil {
		return nil, err
	}
	o.pull.Old, o.pull.Workers = c.String("from"), c.Int("workers")
	o.extract, err = parsePullExtract(c, o.out)
	return o, err
}

// runPull starts once more if the archive is replaced meanwhile.
func runPull(c *cli.Context, o *pullOptions) error {
	m := terminal.NewMeter(c, "pulling")
	defer m.Stop()
	o.pull.Notice = func(err error) {
		switch {
		case errors.Is(err, pull.ErrOld):
			err = report.WithHint(err, "downloading everything")
		case errors.Is(err, pull.ErrSum):
			err = report.WithHint(err, "its publisher must renew the "+signature.SumSuffix+" beside it")
		}
		m.Notice(err)
	}
	o.pull.Progress = func(p pull.Progress) {
		m.Transferred(p.Reused+p.Fetched, p.Total, fmt.Sprintf("%s reused, %s fetched",
			report.Bytes(p.Reused), report.Bytes(p.Fetched)))
	}
	if o.extract.dir != "" {
		o.pull.Checked = func(ctx context.Context, a *tarpack.Archive, old *sidecar.Index) error {
			return o.extract.update(ctx, m, a, old, o.pull.Workers)
		}
	}
	res, err := o.run(c)
	if errors.Is(err, source.ErrChanged) && o.extract.failed == nil {
		m.Remark(report.LineWithoutHint(err) + ": starting again")
		res, err = o.run(c)
	}
	m.Stop()
	if err != nil {
		return err
	}
	if o.json {
		err := reading.NewJSONEncoder(c.App.Writer).Encode(pullLine(res, &o.extract))
		return cmp.Or(err, o.extract.err())
	}
	if dir := o.extract.dir; dir != "" {
		m.Summarize("updated %s (%d written, %d removed)", report.Quote(dir), o.extract.res.Written,
			o.extract.res.Removed)
	}
	m.Summarize("pulled %s into %s (%s; %s reused, %s fetched in %d requests)",
		report.Entries(res.Entries), report.Quote(o.out), report.Bytes(res.ArchiveBytes),
		report.Bytes(res.Copied+res.Made), report.Bytes(res.Fetched+res.Resumed), res.Requests)
	return o.extract.err()
}

func (o *pullOptions) run(c *cli.Context) (pull.Result, error) {
	a, err := o.open(c)
	if err != nil {
		return pull.Result{}, err
	}
	po := o.pull
	po.Patch = func(_ context.Context, oldDigest uint64) (pull.Patch, error) {
		return o.openPatch(c, oldDigest)
	}
	if o.extract.dir != "" {
		po.Before = func(ctx context.Context, old *sidecar.Index) error {
			return o.extract.check(ctx, a, old)
		}
	}
	if o.trust == nil {
		po.SHA256, err = o.statedSum(c, a)
	}
	var res pull.Result
	if err == nil {
		res, err = pull.Pull(c.Context, a, o.out, po)
	}
	if err = errors.Join(err, a.Close()); err != nil {
		err = hintPull(o, err)
	}
	return res, err
}

func (o *pullOptions) open(c *cli.Context) (*tarpack.Archive, error) {
	if !remote.IsURL(o.url) { // a file of another program is not converted
		return tarpack.Open(c.Context, o.url, &tarpack.OpenOptions{RequireSidecar: true,
			Trust: o.trust, CheckIndex: math.MaxInt64})
	}
	a, err := reading.OpenForAll(c, o.url)
	if err != nil {
		return nil, err
	}
	return a.Archive, nil
}

// hintPull gives an error of pull the hint that fits it.
func hintPull(o *pullOptions, err error) error {
	if failed := o.extract.failed; failed != nil && errors.Is(err, failed) {
		return failed
	}
	if stop := (*report.StoppedError)(nil); errors.As(err, &stop) {
		return report.WithHint(report.In(o.out, stop), cmp.Or(kept(o.out), "nothing was written"))
	}
	if osfile.IsFull(err) {
		if hint := kept(o.out); hint != "" {
			return report.WithHint(report.NewFile(o.out, err), "free some space or write elsewhere; "+hint)
		}
	}
	for _, known := range []struct {
		err  error
		hint string
	}{
		{signature.ErrRefused, ""},
		{pull.ErrSet, "'tpk extract' reads it from there"},
		{pull.ErrDamaged, "its publisher must put the archive and its index there again"},
		{source.ErrChanged, "try again when it is no longer replaced"},
	} {
		switch {
		case !errors.Is(err, known.err):
		case known.hint == "":
			return err
		default:
			return report.WithHint(err, known.hint)
		}
	}
	if errors.Is(err, source.ErrUnavailable) || errors.Is(err, object.ErrAnswer) {
		return reading.HintRemote(err)
	}
	return report.NewFile(o.out, err)
}

// kept returns a hint about what was downloaded for an archive, or "" if nothing was kept.
func kept(out string) string {
	name := pull.JournalName(out)
	if _, err := os.Stat(name); err != nil {
		return ""
	}
	return "run it again to go on, or delete " + report.Quote(name)
}

// pullLine is what pull --json prints.
func pullLine(r pull.Result, x *pullExtract) any {
	line := struct {
		Entries    int64  `json:"entries"`
		Bytes      int64  `json:"bytes"`
		IndexBytes int64  `json:"index_bytes"`
		Copied     int64  `json:"copied"`
		Made       int64  `json:"made"`
		Fetched    int64  `json:"fetched"`
		Patch      int64  `json:"patch"`
		Requests   int64  `json:"requests"`
		Resumed    int64  `json:"resumed"`
		Written    *int64 `json:"written,omitempty"`
		Removed    *int64 `json:"removed,omitempty"`
	}{r.Entries, r.ArchiveBytes, r.SidecarBytes, r.Copied, r.Made, r.Fetched, r.Patch, r.Requests,
		r.Resumed, nil, nil}
	if x.dir != "" {
		line.Written, line.Removed = &x.res.Written, &x.res.Removed
	}
	return line
}
