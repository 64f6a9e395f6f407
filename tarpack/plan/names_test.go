package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"testing"
)

// sequence yields paths, and then an error if it is not nil.
func sequence(err error, paths ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, p := range paths {
			if !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

func TestInBatches(t *testing.T) {
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{nil, "[]"},
		{[]string{"b", "a"}, "[[./a ./b]]"},
		{[]string{"c", "b/", "./a", "b"}, "[[./a ./b] [./c]]"},
		{[]string{"a/b", "a.b", "a/b/c", "a", "a-b", "a/"}, "[[./a-b ./a.b] [./a]]"},
		{[]string{"a/b/c", "a/b", "ab"}, "[[./a/b ./ab]]"},
		{[]string{"z", ".", "a/b"}, "[[./]]"},
	} {
		got := [][]string{}
		err := inBatches(t.Context(), sequence(nil, c.paths...), 2, func(names []string) error {
			got = append(got, slices.Clone(names))
			return nil
		})
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%q: %q, %v, want %s", c.paths, got, err, c.want)
		}
	}
	bad := errors.New("bad")
	for _, c := range []struct {
		paths iter.Seq2[string, error]
		want  error
	}{
		{sequence(bad, "a"), bad}, {sequence(nil, "a/../b"), fs.ErrInvalid},
		{sequence(nil, ""), fs.ErrInvalid}, {sequence(nil, "a"), bad},
	} {
		err := inBatches(t.Context(), c.paths, 2, func([]string) error { return bad })
		if !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
}
