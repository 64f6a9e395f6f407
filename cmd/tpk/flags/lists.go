package flags

import (
	"io"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const onWindows = runtime.GOOS == "windows"

// listReader returns the text of a list of paths or globs. On Windows it may be UTF-16 with a byte
// order mark, which PowerShell writes, or UTF-8 with one. Elsewhere such bytes may begin a name.
func listReader(r io.Reader) io.Reader {
	if !onWindows {
		return r
	}
	return transform.NewReader(r, unicode.BOMOverride(encoding.Nop.NewDecoder()))
}

// listedPath returns the path of a line of a list. On Windows lines end with CR and LF, and paths
// may have backslashes.
func listedPath(line string) string {
	if onWindows {
		line = strings.TrimSuffix(line, "\r")
	}
	return filepath.ToSlash(line)
}
