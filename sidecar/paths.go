package sidecar

import (
	"fmt"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// ComparePaths returns -1, 0 or 1 if path a comes before path b, equals it or comes after it in
// path order (FORMAT.md 2.1). The order compares component by component, each by its bytes, so a
// directory comes directly before everything below it.
func ComparePaths[T string | []byte](a, b T) int {
	i := 0
	for n := min(len(a), len(b)); i < n && a[i] == b[i]; {
		i++
	}
	return compareFrom(i, a, b)
}

// compareFrom is ComparePaths for paths that agree in exactly their first n bytes.
func compareFrom[T string | []byte](n int, a, b T) int {
	switch {
	case n == len(a) && n == len(b):
		return 0
	case n == len(a) || n < len(b) && a[n] == '/':
		return -1
	case n == len(b) || b[n] == '/':
		return 1
	case a[n] < b[n]:
		return -1
	}
	return 1
}

// ValidPath returns an error if a path must not be in an archive (FORMAT.md 1.1, rule 4). The error
// wraps [ErrPath]. The path has no slash at its end, not even that of a directory.
func ValidPath(path string) error { return validPath(path) }

// validPath is ValidPath for bytes, too.
func validPath[T string | []byte](path T) error {
	if len(path) > layout.MaxPath {
		return fmt.Errorf("%w: %.40q…: %d bytes, at most %d are allowed",
			ErrPath, path, len(path), layout.MaxPath)
	}
	if reason := badPath(path); reason != "" {
		return fmt.Errorf("%w: %q: %s", ErrPath, path, reason)
	}
	return nil
}

// badPath returns what is wrong with a path, or "".
func badPath[T string | []byte](path T) string {
	switch {
	case len(path) == 0:
		return "it is empty"
	case path[0] == '/':
		return "it starts with a slash"
	case path[len(path)-1] == '/':
		return "it ends with a slash"
	}
	begin := 0 // of the current component
	for i := 0; i <= len(path); i++ {
		switch {
		case i < len(path) && path[i] == 0:
			return "it has a NUL byte"
		case i < len(path) && path[i] != '/':
			continue
		}
		switch n := i - begin; {
		case n == 0:
			return "it has two slashes in a row"
		case n == 1 && path[begin] == '.':
			return "it has a component ."
		case n == 2 && path[begin] == '.' && path[begin+1] == '.':
			return "it has a component .."
		case n > layout.MaxComponent:
			return fmt.Sprintf("it has a component of %d bytes, at most %d are allowed",
				n, layout.MaxComponent)
		}
		begin = i + 1
	}
	return ""
}
