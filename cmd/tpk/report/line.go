package report

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tarpack/tpk/internal/osfile"
)

// Line returns the line that reports err: "tpk: WHAT: WHY: HINT", without a newline. It returns ""
// if nothing is to be printed: for nil, for [ErrReported], and after a write to a closed pipe,
// because a program such as head ends as soon as it has read enough.
func Line(err error) string {
	if err == nil || osfile.Is(err, syscall.EPIPE) || errors.Is(err, ErrReported) {
		return ""
	}
	line := LineWithoutHint(err)
	if hint := Hint(err); hint != "" {
		line += ": " + hint
	}
	return line
}

// LineWithoutHint returns the line for one of many errors that share a hint.
func LineWithoutHint(err error) string { return Say(message(err)) }

// Say returns the line that prints a message, with control characters escaped.
func Say(message string) string { return "tpk: " + OneLine(message) }

// OneLine returns text as a single line: newlines between errors become semicolons, and the
// control characters in names are escaped. Parts of names over longPart bytes are left out.
func OneLine(text string) string {
	text = shorten(strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
	return strings.ReplaceAll(Quote(text), backslash, `\`)
}

// In adds the name of the file that err is about. It returns nil for nil.
func In(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

// message returns the text of err as [pathFirst] does. On Windows, the errors of the system have
// the words of Unix.
func message(err error) string {
	text := pathFirst(err)
	for _, errno := range systemErrors(err) {
		meaning := osfile.Text(errno)
		if errno == syscall.ENOTDIR && isBelowFile(err) { // Windows only says that there is no path
			meaning = "not a directory"
		}
		text = strings.ReplaceAll(text, errno.Error(), meaning)
	}
	return text
}

// isBelowFile reports whether the path that err is about, or one above it, is a file.
func isBelowFile(err error) bool {
	var path *fs.PathError
	if !errors.As(err, &path) {
		return false
	}
	for name := path.Path; ; name = filepath.Dir(name) {
		fi, err := os.Stat(name)
		if err == nil {
			return !fi.IsDir()
		}
		if name == filepath.Dir(name) {
			return false
		}
	}
}

// systemErrors returns the errors of the system that err wraps.
func systemErrors(err error) (found []syscall.Errno) {
	switch e := err.(type) { //nolint:errorlint // it looks at each error that is wrapped
	case syscall.Errno:
		return []syscall.Errno{e}
	case interface{ Unwrap() error }:
		return systemErrors(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			found = append(found, systemErrors(err)...)
		}
	}
	return found
}

// pathFirst returns the text of err with the path or address first: "NAME: no such file or
// directory" rather than "open NAME: no such file or directory". For standard output that is all of
// it.
func pathFirst(err error) string {
	text := err.Error()
	var path *fs.PathError
	if errors.As(err, &path) && path.Path == os.Stdout.Name() {
		return "standard output: " + path.Err.Error() // whatever it was written for
	}
	if path != nil {
		text = strings.Replace(text, path.Error(), path.Path+": "+path.Err.Error(), 1)
		text = strings.Replace(text, path.Path+": "+path.Path+": ", path.Path+": ", 1)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		text = strings.Replace(text, link.Error(), link.New+": "+link.Err.Error(), 1)
	}
	var op *net.OpError
	var errno syscall.Errno
	if errors.As(err, &op) && op.Addr != nil && errors.As(op.Err, &errno) {
		text = strings.Replace(text, op.Error(), op.Addr.String()+": "+errno.Error(), 1)
	}
	return text
}
