package paths

import (
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// PackName is the name of an archive that is found in a folder.
const PackName = "pack.tar.gz"

// IsPackName reports whether a path names a pack, its sidecar, its variants, or a temporary file of
// one. These are not files of a folder: the pack is served in place of it.
func IsPackName(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	return name == PackName || name == PackName+format.SidecarSuffix ||
		name == PackName+format.VariantsSuffix ||
		strings.HasPrefix(name, "."+PackName+".")
}

// WithPacks returns hidden, which may be nil, with what belongs to packs.
func WithPacks(hidden func(string) bool) func(string) bool {
	return func(path string) bool { return IsPackName(path) || hidden != nil && hidden(path) }
}
