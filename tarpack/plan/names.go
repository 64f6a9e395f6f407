package plan

import (
	"bytes"
	"context"
	"errors"
	"iter"

	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// maxNames is how many paths the tree is limited to at a time. Tests change it.
var maxNames = 64 << 10

// inBatches calls f for the paths, each of which stands for everything below it, in batches of at
// most size. They are sorted on disk first. Those below another one are left out, so that no
// directory is read twice.
func inBatches(
	ctx context.Context, paths iter.Seq2[string, error], size int, f func([]string) error,
) (err error) {
	s := sorter.New("", budget)
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := sortNames(ctx, paths, s); err != nil {
		return err
	}
	it, err := s.Iterate()
	if err != nil {
		return err
	}
	var names []string
	var last []byte // key of the last name
	for first := true; ; {
		key, _, ok, err := it.Next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if !first && bytes.HasPrefix(key, last) {
			continue
		}
		if len(names) == size {
			if err := f(names); err != nil {
				return err
			}
			names = names[:0]
		}
		first, last = false, append(last[:0], key...)
		names = append(names, "./"+string(bytes.TrimSuffix(key, []byte("/"))))
	}
	if len(names) == 0 {
		return nil
	}
	return f(names)
}

// sortNames adds the paths to a sorter. A key is the path with a slash behind it, so what is below
// a path has its key as a prefix. The key of the top is empty.
func sortNames(ctx context.Context, paths iter.Seq2[string, error], s *sorter.Sorter) error {
	n := 0
	for given, err := range paths {
		if n++; err == nil && n%4096 == 0 {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		p, err := tree.CleanName(given)
		if err != nil {
			return err
		}
		if p != "" {
			p += "/"
		}
		key, _, err := s.Add(len(p), 0)
		if err != nil {
			return err
		}
		copy(key, p)
	}
	return nil
}
