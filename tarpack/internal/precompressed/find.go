// Package precompressed finds the files of a tree that are precompressed siblings of others: x.gz,
// x.br or x.zst in the folder of x, with exactly the content of x.
//
//	find.go     walks the tree, and gives each candidate a verdict
//	compare.go  decodes a candidate, and compares it with its file
package precompressed

import (
	"context"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tree"
	"github.com/tarpack/tpk/tarpack/siblings"
)

// A pair is a candidate, and the file beside it whose content it may have.
type pair struct {
	file, candidate tree.Entry
	outcome
}

// codings has the codings of the names that siblings end in.
var codings = map[string]variants.Coding{
	".gz": gzipCoding, ".br": variants.Brotli, ".zst": variants.Zstd,
}

// Find walks the tree t with w, whose functions it sets. It notes the siblings in s, and gives the
// tree the verdicts by which later walks leave them out. It compares several pairs at once.
//
// What can't be read, or changes meanwhile, is no sibling: it is left to the walk that packs.
func Find(ctx context.Context, t *tree.Tree, w *tree.Walker, workers int, s *siblings.Set) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	var d variants.Decoder
	defer d.Close()
	var all []*pair
	var files []tree.Entry // of the directory, by name
	w.Notice = func(error) {}
	w.Failed = func(error) bool { return true }
	w.Entry = func(e tree.Entry) error {
		if e.Typ == sidecar.TypeFile {
			files = append(files, e)
		} else {
			e.Dir.Release()
		}
		return nil
	}
	w.EndDir = func() error {
		for _, p := range pairs(files) {
			all = append(all, p)
			p.file.Dir.Acquire()
			g.Go(func() error {
				defer p.file.Dir.Release()
				p.outcome = compare(&d, p)
				return nil
			})
		}
		for _, e := range files {
			e.Dir.Release()
		}
		files = files[:0]
		return context.Cause(gctx)
	}
	err := w.Walk(gctx, t)
	g.Wait() //nolint:errcheck // no pair returns an error
	if err != nil {
		return err
	}
	judge(t, all, s)
	return nil
}

// pairs returns the candidates among the files of a directory, with their files. The file of a
// candidate is not a candidate itself.
func pairs(files []tree.Entry) (all []*pair) {
	byName := make(map[string]tree.Entry, len(files))
	for _, e := range files {
		byName[e.Name] = e
	}
	of := func(name string) (base string, ok bool) {
		ext := path.Ext(name)
		if _, ok := codings[ext]; !ok {
			return "", false
		}
		base = strings.TrimSuffix(name, ext)
		_, ok = byName[base]
		return base, ok
	}
	for _, e := range files {
		base, ok := of(e.Name)
		if !ok {
			continue
		}
		if _, isCandidate := of(base); !isCandidate {
			all = append(all, &pair{file: byName[base], candidate: e})
		}
	}
	return all
}

// judge gives the tree a verdict on both files of each pair.
func judge(t *tree.Tree, all []*pair, s *siblings.Set) {
	t.Verdicts = map[string]tree.Verdict{}
	for _, p := range all {
		rel := t.Rel(p.candidate.Path())
		switch {
		case p.equal:
			t.Verdicts[rel] = tree.Verdict{Info: p.candidate.Info, Leave: true}
			t.Verdicts[t.Rel(p.file.Path())] = tree.Verdict{Info: p.file.Info}
			s.Leave()
			if p.coding != gzipCoding {
				s.Add(p.sum, p.coding, rel, p.candidate.Info.Size())
			}
		case p.why != "":
			err := fmt.Errorf("%s: %s: packed as a file", format.Printable(p.candidate.Path()), p.why)
			t.Verdicts[rel] = tree.Verdict{Info: p.candidate.Info, Notice: err}
		}
	}
}
