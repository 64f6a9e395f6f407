// Package tartest has what the tests of tarpack and its packages share. It makes trees on disk,
// packs them, and puts archives together from parts, also ones that pack would not write.
//
//	Tree, ShardTree                 files on disk
//	Pack, Append                    archives as the command makes them
//	Forge, ForgeRight               archives from parts: AFile, AStored, ASegmented, AGroup, Raw
//	Listing, Found, SameAsFS        what another reader, or a directory, has
//	WantSound                       an archive, its index, and nothing left beside it
//
// Only tests import it.
package tartest
