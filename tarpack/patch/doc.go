// Package patch makes the difference between two archives, and applies it.
//
//	old archive ─┐
//	new archive ─┴─ [Make] ─► NEW.tar.gz.from-DIGEST.tpp
//
//	header │ chunk │ chunk │ …
//	           │
//	           ├─ instructions ─► dictionary   old contents and headers, decompressed
//	           │                  steps        copy, or make a member of data
//	           └─ data          ─► zstd with that dictionary ─► new contents and headers
//
// A patch has the contents that differ, compressed with their older versions as dictionary. It has
// them decompressed: [Patch.Apply] compresses them again, so it needs the encoder that made the
// archive. The patch has the number and the level of that encoder. What that encoder does not
// reproduce travels as it is in the archive. FORMAT-PATCH.md specifies the format.
//
// The header has the SHA-256 of the whole new archive. [Patch.Check] compares it: nothing else
// proves that the result is right. Until then, the output is no archive.
//
// No patch is trusted. Lengths are compared with limits before memory is allocated, and places with
// the size of the old archive before it is read. A patch that breaks the format causes an error
// that wraps [ErrCorrupt].
package patch
