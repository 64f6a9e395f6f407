// Package export makes a .tar.gz or a .zip of a folder of an archive out of bytes that are already there.
//
// [Folder] lays the export out and gives a [File]: its size is known at once, any byte of it can be read, and nothing
// of it is kept. A File is made of spans, each a run of bytes of the archive or a few bytes that are made when they are
// asked for:
//
//	         ┌ parents' headers ┐┌ first group, ┐┌── files and groups of the folder, ──┐┌ last group ┐┌───┐
//	tar.gz   │        G         ││   cut to G   ││  as they stand in the archive       ││ cut to G   ││ T │
//	         └──────────────────┘└──────────────┘└─────────────────────────────────────┘└────────────┘└───┘
//	             made                 made             one span of the archive               made       made
//
//	         ┌────────┐┌──────────────────┐┌────────┐┌─────────┐   ┌───────────────────┐┌─────┐
//	zip      │ header ││ deflate body of C ││ header ││ body    │ … │ central directory ││ end │
//	         └────────┘└──────────────────┘└────────┘└─────────┘   └───────────────────┘└─────┘
//	             made      archive              made     archive          made             made
//
// The tar.gz is itself a tpk archive, with a trailer whose digest is right: see tar.go. Of a zip, places are kept for
// every 256th entry; what lies between is made from the index when it is read: see zip.go.
//
// [Single] writes a plain .tar.gz of one member, for readers that stop at the end of the first.
package export
