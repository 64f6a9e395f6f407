package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/serve"
)

// liveDirectory returns the directory of a --live: DIR or /PATH=DIR. The directory need not exist
// yet. A value that is the name of a directory is not divided.
func liveDirectory(value string) (a serve.Archive, err error) {
	a = serve.Archive{Path: value, Live: true}
	if path, dir, ok := strings.Cut(value, "="); ok && strings.HasPrefix(path, "/") {
		if fi, err := os.Stat(value); err != nil || !fi.IsDir() {
			a.Mount, a.Path = path, dir
		}
	}
	if a.Path == "" {
		return a, report.Usagef("serve: --live %s: must be DIR or /PATH=DIR", report.Quote(value))
	}
	switch fi, err := os.Stat(a.Path); {
	case err == nil && !fi.IsDir():
		return a, report.Usagef("serve: --live %s: is not a directory: use --mount for an archive",
			report.Quote(a.Path))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return a, err
	}
	return a, nil
}
