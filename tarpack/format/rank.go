package format

import (
	"github.com/tarpack/tpk/sidecar"
)

// Rank returns the place of a type in the order that pack writes in each directory. It is 0 for
// files and hard links, 1 for symbolic links and special files, 2 for directories. Entries of equal
// rank are sorted by the bytes of their names. The order of the index, path order, is another one:
// see sidecar.ComparePaths.
//
// A hard link ranks as a file because the first name of a file, by order, is the one that is
// stored.
func Rank(t sidecar.Type) int {
	switch t {
	case sidecar.TypeFile, sidecar.TypeHardlink:
		return 0
	case sidecar.TypeDir:
		return 2
	}
	return 1
}
