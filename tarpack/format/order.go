package format

import (
	"github.com/tarpack/tpk/sidecar"
)

// rank is the order of the kinds of entries in a directory: files, links and others, subdirectories. A hard link counts as a
// file: which of a file's names is the link depends on which comes first.
func Rank(t sidecar.Type) int {
	switch t {
	case sidecar.TypeFile, sidecar.TypeHardlink:
		return 0
	case sidecar.TypeDir:
		return 2
	}
	return 1
}
