package reading

import (
	"fmt"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// EntryPath returns the path in the archive for a word of the command line: ./a, /a and a/ mean a.
// The archive's root is "".
func EntryPath(word string) string {
	path := strings.Trim(word, "/")
	for strings.HasPrefix(path, "./") {
		path = strings.TrimLeft(path[2:], "/")
	}
	if path == "." {
		return ""
	}
	return path
}

// Lookup returns the entry for a word of the command line, and its ordinal. The error is
// [format.ErrNoEntry] if there is none.
func Lookup(a *tarpack.Archive, word string) (i int, e sidecar.Entry, err error) {
	i, ok, err := a.Index().Lookup(EntryPath(word))
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", word, format.ErrNoEntry)
	}
	if err == nil {
		e, err = a.Index().Entry(i)
	}
	return i, e, err
}

// Span returns the ordinals, from first to below end, of the entry for a word of the command line
// and of everything below it. The root spans the archive.
func Span(a *tarpack.Archive, word string) (first, end int, err error) {
	if EntryPath(word) == "" {
		return 0, a.Index().Len(), nil
	}
	i, e, err := Lookup(a, word)
	if err != nil {
		return 0, 0, err
	}
	if e.Type == sidecar.TypeDir {
		return i, int(e.End), nil
	}
	return i, i + 1, nil
}
