// Package tarpack handles archives as a whole: an ordinary .tar.gz in which the content of every file is one
// gzip member, and a sidecar that says where each one lies. FORMAT.md is its specification.
//
//	            ┌────── file ──────┐ ┌─ file ─┐ ┌─ group ─┐ ┌─ file ─┐
//	out.tar.gz  │ H │    C     │ P │ │ H │ C  │ │    G    │ │ H │ …  │ … │ T │
//	            └───┴────▲─────┴───┘ └────────┘ └─────────┘ └────────┘   └───┘
//	out.tar.gz.tpi ──────┘ records, paths, table (package sidecar)
//
// What to call:
//
//	write an archive      [Pack], [PackStream]
//	read one              [Open], then [Archive.FS], [Archive.OpenContent], [Extract]
//	check one             [Verify]
//	make its sidecar anew [Reindex]
//	change one            [Update], [Add], [Remove], [Compact], [Merge]
//
// Pack is three kinds of goroutines. The walker goes through the tree in the order of the archive, workers read and compress
// files in any order, and the sequencer takes the results in order again, decides which file is a duplicate, and writes
// (a fourth, the sink, waits for the system meanwhile):
//
//	walker ──► order ─────────────────────────────► sequencer ──► writer ──► sink ──► out.tar.gz
//	   └─────► jobs ──► workers (read, hash, deflate) ──┘  └────► build.Builder ──► out.tar.gz.tpi
//
// Where to look:
//
//	packing      pack (the run), walk, sourcetree, inodes, exclude (what), prepare, packbig (compressing), sequence, group,
//	             dedup, copies (in order), header, trailer (tar), writer, sink, copyrange (output), atomic (its place), remove
//	reading      archive (opening), archivetrailer, appended, former (the end of it), fs, fsfile (io/fs)
//	indexing     index (what to call), indexscan, indexunit, indexsegments, indexsearch (reading members), indexfile
//	extracting   extract (the passes), extractwalk (the way), extractwork, extractlink, extractdir (making), extractselect
//	checking     verify, verifydiff, problem
//	changing     edit (the run), layers, lister, merger (going through several), keep, placekept (what stays), compare, changes, update, add,
//	             removepaths, mergearchives, split, append, heal (growing in place)
//	taking over  convert, converttar, convertzip, repair, spool (entries that come in any order)
//	sets         setname, setopen, setfile, setlist (reading), packshards, setoutput, setcommit (writing), setverify
//	devices      device, packdevice
//
// Whatever is written goes to temporary files first and takes its place only when it is whole and on the disk.
// Whatever is read is distrusted: a tar header counts only in the one form that this package writes ([ParseHeader]), and every
// error about an archive wraps one of the sentinels in errors.go and names the path or the offset.
package tarpack
