// Package sidecar reads the index file of a tpk archive, NAME.tar.gz.tpi. The index holds the place
// of each entry in the archive, and all that a server needs to know about it. Entries are found by
// path or by number, without reading the archive.
//
// Section 2 of FORMAT.md specifies the file. All numbers are little-endian. Every section starts at
// a multiple of 64 bytes. N is the number of entries, and the ordinal of an entry is its place in
// path order ([ComparePaths]).
//
//	  0 ┌────────────────────────────────────────────────────────────────┐
//	    │ header       magic, version, archive size, N, statistics,      │
//	    │              place and hash of each section, digest of all that│
//	512 ├────────────────────────────────────────────────────────────────┤
//	    │ records      N × 44 bytes                                      │ ← ordinal
//	    ├────────────────────────────────────────────────────────────────┤
//	    │ path blocks  ⌈N/16⌉ × u64: offset of each block of 16 paths    │ ← ordinal / 16
//	    ├────────────────────────────────────────────────────────────────┤
//	    │ link targets texts of the symbolic links                       │ ← record
//	    ├────────────────────────────────────────────────────────────────┤
//	    │ segments     ends of the segments of each segmented file       │ ← ordinal
//	    ├────────────────────────────────────────────────────────────────┤
//	    │ paths        front-coded, in blocks of 16                      │ ← path block, table
//	    ├────────────────────────────────────────────────────────────────┤
//	    │ table        buckets of 64 bytes: places of 10 paths, with tags│ ← hash of the path
//	    ├ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─┤
//	    │ SHA-256      of each content, of its MiBs, of all 64 KiB above │ ← ordinal
//	    └────────────────────────────────────────────────────────────────┘
//
// A lookup by path reads one bucket of the table, which is a cache line, and the block of paths to
// which it leads. The block holds its own number, hence the ordinals. A lookup does not allocate. A
// directory and everything below it are one run of ordinals.
//
// # Reading
//
// [Open] maps a file, [OpenBytes] reads from memory and [OpenReaderAt] from any other source.
// Opening reads only the header, so it costs the same for a thousand entries and for a billion. No
// section is ever loaded whole. [OpenEmbedded] maps a sidecar that is in its archive, in members of
// a gzip file. It reads everything where it lies but what is in two members.
//
//   - [Index.Lookup] and [Index.Entry] find a path, [Index.Path] names an entry.
//   - [Index.Children] and [Index.Dir] list a directory, [Index.All] lists everything.
//   - [Index.SHA256] and [Index.MiBSums] return the sums of a content, if the sidecar has them.
//   - [Index.Verify] checks the whole sidecar.
//
// A sidecar is not trusted: every offset, count and ordinal is checked before it is used. Bytes
// that cannot be right cause an error that wraps [ErrCorrupt], and so does a mapped file that is
// truncated while it is in use.
//
// [OpenChecked] opens a sidecar with sums of which only the header is trusted, such as one that was
// signed: it compares all other bytes with the sums before it uses them.
//
// # Building
//
// Package build makes a sidecar, or computes its digest only.
package sidecar
