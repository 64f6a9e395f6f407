// Package variants reads and writes the variants file of a tpk archive, NAME.tar.gz.tpv. It holds
// other codings of the contents: brotli, Zstandard, and Zstandard with a shared dictionary. An HTTP
// server sends them as they are to clients that accept them.
//
// Section 7 of FORMAT.md specifies the file. All numbers are little-endian. N is the number of
// entries of the archive, S the number of sets. A set has the variants of one content.
//
//	  0 ┌────────────────────────────────────────────────────────────────┐
//	    │ header        magic, version, digest of the sidecar, N, S,     │
//	    │               place and hash of each table, digest of all that │
//	256 ├────────────────────────────────────────────────────────────────┤
//	    │ data          encoded contents, and the dictionaries           │
//	    ├────────────────────────────────────────────────────────────────┤
//	    │ dictionaries  rows of 96 bytes: SHA-256, kind, places          │
//	    ├────────────────────────────────────────────────────────────────┤
//	    │ entries       N × u32: number of the entry's set, from 1       │ ← ordinal
//	    ├────────────────────────────────────────────────────────────────┤
//	    │ sets          S × 64 bytes: place and hash of each variant     │ ← number of the set
//	    ├────────────────────────────────────────────────────────────────┤
//	    │ sums          S × 32 bytes: SHA-256 of the content             │
//	    └────────────────────────────────────────────────────────────────┘
//
// # Reading
//
//   - [Open] opens the file of one archive, and refuses that of any other.
//   - [File.Find] returns the variants of an entry. It reads 4 and 64 bytes, and does not allocate.
//   - [File.Append] reads encoded bytes and compares them with their hash. [File.ReadAt] and
//     [Check] do that in two steps.
//   - [File.Decode] decodes a variant, for tests and for archives that were signed.
//
// Opening reads the tables once, to compare them with their hashes. A file is not trusted: what is
// outside of the data, or contradicts the archive, makes Open fail. The tables are checked again
// where they are used, as other programs may write to a file that is open.
//
// The hashes find damage and not forgery. Whether a variant is what the maker of the archive has
// signed shows only when it is decoded: its content must have the SHA-256 of the signed index.
//
// # Writing
//
// A [Writer] writes a file from its beginning on, and the header last.
package variants
