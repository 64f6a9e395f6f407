package reading

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// EntryPath returns the path in the archive for a word of the command line: ./a, /a and a/ mean a.
// The archive's root is "". On Windows a\b means a/b, as it does for files.
func EntryPath(word string) string {
	path := strings.Trim(filepath.ToSlash(word), "/")
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
