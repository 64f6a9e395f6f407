// Package export makes a .tar.gz or a .zip of a directory of an archive from bytes that the archive
// already contains.
//
// [Folder] lays out an export and returns a [File]. The size of a File is known, any byte of it can
// be read, and nothing of it is stored. A File consists of spans. Each span is a range of the
// archive, or a few bytes that are generated when they are read:
//
//	        ┌ parents' headers ┐┌ first group, ┐┌ files and groups of the ──┐┌ last group ┐┌───┐
//	tar.gz  │        G         ││   cut to G   ││ folder, unchanged         ││ cut to G   ││ T │
//	        └──────────────────┘└──────────────┘└───────────────────────────┘└────────────┘└───┘
//	             generated          generated    one span of the archive       generated
//
//	         ┌────────┐┌──────────────────┐┌────────┐┌─────────┐   ┌───────────────────┐┌─────┐
//	zip      │ header ││ deflate body of C ││ header ││ body    │ … │ central directory ││ end │
//	         └────────┘└──────────────────┘└────────┘└─────────┘   └───────────────────┘└─────┘
//	          generated   archive            generated  archive          generated
//
// The tar.gz is itself a tpk archive, and its trailer has the right digest. Of a zip, the offset of
// every 256th entry is stored; a part of it is generated from the index when it is read.
//
// [Select] lays out an export of some of a directory's entries: it has more runs of the archive,
// and more groups that are rebuilt.
//
// [Single] writes a .tar.gz with a single gzip member, for readers that stop after the first.
package export
