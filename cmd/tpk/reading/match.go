package reading

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
)

// A Match is what a word of the command line stands for: the entry with that path or, if there is
// none, all entries that it matches as a glob.
type Match struct {
	Word     string
	IsGlob   bool
	Ordinals []int // not those below a directory that matches; nil if there is no such entry
}

// Err returns the error for a word that no entry matches, else nil.
func (m *Match) Err() error {
	if m.Ordinals == nil {
		return fmt.Errorf("%s: %w", m.Word, format.ErrNoEntry)
	}
	return nil
}

// Find returns what each word stands for. Globs are those of the commands that pack: one without a
// slash matches names in any directory.
func Find(a *tarpack.Archive, words []string) ([]Match, error) {
	matches := make([]Match, len(words))
	var globs []glob
	for k, word := range words {
		m := &matches[k]
		m.Word = word
		path := EntryPath(word)
		if path == "" {
			m.Ordinals = []int{sidecar.Root}
			continue
		}
		i, ok, err := a.Index().Lookup(path)
		if err != nil {
			return nil, err
		}
		if ok {
			m.Ordinals = []int{i}
			continue
		}
		g := glob{match: m}
		word = filepath.ToSlash(word)
		if strings.ContainsAny(word, `*?[{\`) && g.patterns.Add(word) == nil {
			m.IsGlob = true
			globs = append(globs, g)
		}
	}
	if len(globs) == 0 {
		return matches, nil
	}
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			return nil, err
		}
		for k := range globs {
			globs[k].look(&row)
		}
	}
	return matches, nil
}

// ReportMissing prints the error of each word that stands for nothing. If there is one, the result
// is report.ErrReported.
func ReportMissing(c *cli.Context, archive string, matches []Match) (err error) {
	for _, m := range matches {
		if e := m.Err(); e != nil {
			fmt.Fprintln(c.App.ErrWriter, report.Line(report.In(archive, e)))
			err = report.ErrReported
		}
	}
	return err
}

// A glob is one that is being matched with the entries in path order.
type glob struct {
	match    *Match
	patterns exclude.Patterns
	skip     int // lower ordinals are below a directory that matches
}

func (g *glob) look(row *sidecar.Row) {
	isDir := row.Entry.Type == sidecar.TypeDir
	if row.Ordinal < g.skip || !g.patterns.Match(string(row.Path), isDir) {
		return
	}
	g.match.Ordinals = append(g.match.Ordinals, row.Ordinal)
	if isDir {
		g.skip = int(row.Entry.End)
	}
}

// Spans returns the ordinals of what was matched, with all that is below it, as runs in the order
// of the archive. A run begins with the first ordinal and ends before the second.
func Spans(a *tarpack.Archive, matches []Match) ([][2]int, error) {
	var spans [][2]int
	for _, m := range matches {
		for _, i := range m.Ordinals {
			if i == sidecar.Root {
				return [][2]int{{0, a.Index().Len()}}, nil
			}
			e, err := a.Index().Entry(i)
			if err != nil {
				return nil, err
			}
			span := [2]int{i, i + 1}
			if e.Type == sidecar.TypeDir {
				span[1] = int(e.End)
			}
			spans = append(spans, span)
		}
	}
	order.Sort(spans, func(a, b [2]int) int { return a[0] - b[0] })
	joined := spans[:0]
	for _, s := range spans {
		if n := len(joined); n > 0 && s[0] <= joined[n-1][1] {
			joined[n-1][1] = max(joined[n-1][1], s[1])
		} else {
			joined = append(joined, s)
		}
	}
	return joined, nil
}
