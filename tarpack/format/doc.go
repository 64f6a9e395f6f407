// Package format is the layout of an archive's bytes (FORMAT.md, sections 1 and 3). It has the tar
// headers, the members H, G and T, and the names of files that belong together. It also has the
// errors that all packages of tarpack return.
//
//	│ H [C [P]] │ G │ H [C [P]] │ … │ T │
//	  a file     links, directories      end
//
//	AppendHeader, ParseHeader      the tar header of one entry
//	ReadGroup, DuplicateBits       a G, and the bits that mark deduplicated copies
//	Trailer, ParseTrailer          T
//	ReadTrailer                    T at the end of a file, or why it is not there
//	FirstTrailer, LastTrailer      T anywhere in a file
//	ParseTrailerState              T, or what an append has made of it
//	FindUnit                       the next entry after damage
//	Rank                           the order of an archive, within a directory
//	ContentOf                      where the content of an entry is
//	CheckIndex                     whether an index belongs to an archive
//
// It imports gzmember and sidecar, and no other package of tarpack.
package format
