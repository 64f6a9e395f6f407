// Package sidecar builds and reads the index file of a tpk archive, NAME.tar.gz.tpi: where each entry of the archive
// lies, and everything a server needs to know of it, found by path or by number without reading the archive.
//
// Its bytes are specified in section 2 of FORMAT.md. All numbers are little-endian; every section starts at a multiple
// of 64 bytes; N is the number of entries and an entry's ordinal is its place in path order.
//
//	  0 ┌────────────────────────────────────────────────────────────────────────┐
//	    │ header       magic, version, archive size, N, statistics, the sections │
//	    │              with their hashes, and the digest of all that             │
//	320 ├────────────────────────────────────────────────────────────────────────┤
//	    │ records      N × 44 bytes                                              │ ← ordinal
//	    ├────────────────────────────────────────────────────────────────────────┤
//	    │ path blocks  ⌈N/16⌉ × u64: where each block of 16 paths begins         │ ← ordinal / 16
//	    ├────────────────────────────────────────────────────────────────────────┤
//	    │ link targets texts of the symbolic links                               │ ← record
//	    ├────────────────────────────────────────────────────────────────────────┤
//	    │ segments     for each segmented file where its segments end            │ ← ordinal, bisected
//	    ├────────────────────────────────────────────────────────────────────────┤
//	    │ paths        front-coded, in blocks of 16                              │ ← path block, table
//	    ├────────────────────────────────────────────────────────────────────────┤
//	    │ table        buckets of 64 bytes: places of 10 paths, a tag of each    │ ← xxHash64 of the path
//	    └────────────────────────────────────────────────────────────────────────┘
//
// A lookup by path reads one bucket of the table, which is one cache line, and the block of paths that it leads to, which
// knows its ordinals; it does not allocate. A directory and all that is below it are one run of ordinals.
//
// # Reading
//
// [Open] maps a file, [OpenBytes] reads from memory and [OpenReaderAt] from anything else, without ever loading a section
// whole. Opening reads the header only, so it costs the same for a thousand entries and for a billion. Use
// [Index.Lookup] and [Index.Entry] to find a path, [Index.Path] to name an entry, [Index.Children] to list a directory,
// [Index.All] to go through everything, and [Index.Verify] to check all of it.
//
// A sidecar is not trusted: every offset, count and ordinal is checked before it is used, and what does not fit gives an
// error that wraps [ErrCorrupt]. A mapped file that is truncated while it is in use gives such an error too.
//
// # Building
//
// [NewBuilder], [Builder.Add] for each entry, then [Builder.Finish]. Memory is bounded: what does not fit is sorted on
// disk. The result depends on nothing but the entries. [Digest] tells the digest of a sidecar without making it.
package sidecar
