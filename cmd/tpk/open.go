package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// openArchive opens an archive, or a shard set, for a reading command. Without a good index it makes one in memory, and a line says so.
func openArchive(c *cli.Context, name string) (*tarpack.Archive, error) {
	m := newMeter(c, "indexing")
	defer m.stop()
	return tarpack.Open(c.Context, name, &tarpack.OpenOptions{Notice: m.notice, Progress: m.update})
}

// entryPath is the path in the archive that a word of the command line means: people write ./a, /a and a/ for a.
// The archive's root is "".
func entryPath(word string) string {
	path := strings.Trim(word, "/")
	for strings.HasPrefix(path, "./") {
		path = strings.TrimLeft(path[2:], "/")
	}
	if path == "." {
		return ""
	}
	return path
}

// lookup finds the entry that a word of the command line means.
func lookup(a *tarpack.Archive, word string) (i int, e sidecar.Entry, err error) {
	i, ok, err := a.Index().Lookup(entryPath(word))
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", word, format.ErrNoEntry)
	}
	if err == nil {
		e, err = a.Index().Entry(i)
	}
	return i, e, err
}

// inArchive says of which archive err speaks.
func inArchive(name string, err error) error { return fmt.Errorf("%s: %w", name, err) }
