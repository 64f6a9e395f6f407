package main

import (
	"errors"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/patch"
)

type patchOptions struct {
	old, new string
	json     bool
	patch    patch.Options
}

func patchCommand() *cli.Command {
	return &cli.Command{
		Name:      "patch",
		Usage:     "write what 'tpk pull' needs to make a new archive of an old one",
		UsageText: "tpk patch [flags] OLD.tar.gz NEW.tar.gz",
		Description: help.Text(`
Writes NEW.tar.gz.from-DIGEST.tpp, a patch. It has what OLD.tar.gz lacks, compressed with the older
versions of the same files as dictionary: of pages in which only a footer has changed, little is
left. Put it beside NEW.tar.gz on the server: 'tpk pull' finds it there if it has OLD.tar.gz, and
uses it if it is shorter than what it would download.

The patch has the SHA-256 of NEW.tar.gz, and 'tpk pull' uses only a result that has it. Otherwise it
pulls without the patch. DIGEST identifies OLD.tar.gz ('tpk info --json' prints it), so patches of
several old archives can lie beside a new one. An existing file is only replaced if it is a patch.

A patch has files decompressed: 'tpk pull' compresses them again. What no level of tpk compresses
the same way is in the patch as it is in the archive, and so is what is stored.

With --json, it prints an object with these members:
 patch, bytes       name of the patch, and its size
 archive_bytes      of NEW.tar.gz: the sum of the three below
 copied             bytes that OLD.tar.gz has
 recompressed       bytes that 'tpk pull' compresses again
 raw                bytes that the patch has as they are`,
			"an archive can't be read, or the patch not written",
			"tpk patch site-1.tar.gz site.tar.gz",
			"tpk patch -o FILE.tpp old.tar.gz site.tar.gz"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"},
				Usage: "write the patch to `FILE`"},
			flags.Switch("json", "print what was done as a JSON object"),
			flags.Workers(), flags.Progress(),
		},
		Action: action(parsePatch, runPatch),
	}
}

func parsePatch(c *cli.Context) (*patchOptions, error) {
	args, err := flags.Arguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &patchOptions{old: args[0], new: args[1], json: c.Bool("json")}
	o.patch.Out, o.patch.Workers = c.String("output"), c.Int("workers")
	return o, nil
}

func runPatch(c *cli.Context, o *patchOptions) error {
	m := terminal.NewMeter(c, "comparing")
	defer m.Stop()
	o.patch.Notice = m.Notice
	o.patch.Progress = func(done, total int64) {
		m.Transferred(done, total, "looked at")
	}
	res, err := patch.Make(c.Context, o.old, o.new, o.patch)
	m.Stop()
	if err != nil {
		return hintPatch(o, res.Name, err)
	}
	if o.json {
		return reading.NewJSONEncoder(c.App.Writer).Encode(struct {
			Patch        string `json:"patch"`
			Bytes        int64  `json:"bytes"`
			ArchiveBytes int64  `json:"archive_bytes"`
			Copied       int64  `json:"copied"`
			Recompressed int64  `json:"recompressed"`
			Raw          int64  `json:"raw"`
		}{res.Name, res.Bytes, res.ArchiveBytes, res.Copied, res.Recompressed, res.Raw})
	}
	m.Summarize("wrote %s (%s for %s of %s that differ)", report.Quote(res.Name),
		report.Bytes(res.Bytes), report.Bytes(res.Recompressed+res.Raw), report.Bytes(res.ArchiveBytes))
	return nil
}

// hintPatch gives an error of patch the hint that fits it. The patch has a name if it was begun.
func hintPatch(o *patchOptions, name string, err error) error {
	if stop := (*report.StoppedError)(nil); errors.As(err, &stop) {
		return report.WithHint(report.In(o.new, stop), "nothing was written")
	}
	if errors.Is(err, format.ErrPart) {
		return report.WithHint(err, "only single archives can be patched")
	}
	if errors.Is(err, patch.ErrTarget) || errors.Is(err, format.ErrNotRegular) && name != "" {
		return report.WithHint(err, "choose another name with --output, or move it away")
	}
	if name != "" && !errors.Is(err, format.ErrCorrupt) {
		return report.NewFile(name, err)
	}
	return err
}
