package editing

import (
	"errors"
	"os"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/edition"
	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/siblings"
	"github.com/tarpack/tpk/tarpack/variants"
)

// BuildVariants writes the variants of an archive. It shows progress, and prints a summary if
// progress is shown.
func BuildVariants(c *cli.Context, archive string, o variants.Options) (variants.Result, error) {
	m := terminal.NewMeter(c, "encoding")
	defer m.Stop()
	if m.On() {
		// An archive that can't be opened fails below.
		if a, err := tarpack.Open(c.Context, archive, nil); err == nil {
			m.Expect(variants.Work(a.Index()))
			a.Close()
		}
	}
	o.Progress = m.Update
	res, err := variants.Build(c.Context, archive, o)
	m.Stop()
	if stop := (*report.StoppedError)(nil); errors.As(err, &stop) {
		return res, report.WithHint(report.In(archive, stop), "to go on with its variants, run"+
			" 'tpk variants' with the same flags; 'tpk variants --drop' removes what there is of them")
	}
	if err != nil {
		return res, report.Output(archive, err)
	}
	m.Summarize("%s: variants of %s, %s unchanged: %s", report.Quote(archive),
		report.Entries(res.Contents), report.Count(res.Reused), report.Bytes(res.Bytes))
	return res, nil
}

// CheckVariants returns an error if an archive has variants and this build can't bring them up to
// date. Commands that change archives ask before they do anything.
func CheckVariants(archive string) error {
	if !edition.Minimal {
		return nil
	}
	name, err := variants.Name(archive)
	if err != nil { // no variants, or no archive, which fails later
		return nil
	}
	if _, err := os.Lstat(name); err != nil {
		return nil
	}
	return report.WithHint(report.In(name, codings.ErrMissing),
		"change the archive with a full build of tpk, or remove this file first")
}

// RefreshVariants brings the variants of an archive up to date, if it has some and they are not.
func RefreshVariants(c *cli.Context, archive string) error {
	return refreshVariants(c, archive, nil)
}

// refreshVariants is RefreshVariants with siblings, which may be nil. If there are some, their
// variants are made or compared with those that there are.
func refreshVariants(c *cli.Context, archive string, s *siblings.Set) error {
	if (s == nil || s.Empty()) && !variants.Stale(c.Context, archive) {
		return nil
	}
	_, err := BuildVariants(c, archive, variants.Options{Siblings: s})
	return err
}
