package live

import (
	"fmt"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/text"
)

// Layer is an archive of files as they were at one time, with their text index beside it.
type Layer struct {
	Archive Archive
	name    string // of the archive
	bytes   int64  // of all its files

	// stamps are those of its files in a record that was read, until all folders were read.
	stamps []content
}

// files returns the names of all files of a layer. The record comes first: without it the others
// are not used.
func files(archive string) []string {
	return []string{archive + recordSuffix, archive + text.Suffix, archive + format.SidecarSuffix,
		archive}
}

// digest identifies the archive in a record.
func (l *Layer) digest() string { return digestOf(l.Archive) }

func digestOf(a Archive) string {
	return fmt.Sprintf("%016x-%x", a.Tar().Index().Digest(), a.Tar().Size())
}

// measure sets bytes.
func (l *Layer) measure() {
	l.bytes = 0
	for _, name := range files(l.name) {
		if fi, err := os.Stat(name); err == nil {
			l.bytes += fi.Size()
		}
	}
}

// removeFiles removes the files of a layer. What can't be removed is no layer any more, and is
// removed when the store is opened again.
func removeFiles(archive string) {
	for _, name := range files(archive) {
		_ = os.Remove(name)
	}
}
