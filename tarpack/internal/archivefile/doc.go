// Package archivefile has the file of an archive, without its index. It opens it, finds where in it
// the archive ends, and has the steps of an archive that grows in place (FORMAT.md 1.5).
//
//	Open        opens the file and finds the end
//	FindEnd     the end of an archive: T at the end of its file, or before what follows it
//	SearchEnd   the same, wherever it is: it may read the whole file
//	Growth      the commit of an append, and how it is undone
//	Shrink      the same in reverse, to take an index out of the archive
//	Embed       the index in the archive (FORMAT.md 1.6)
//	Recover     what a writer does first: it cleans up after one that was killed
//
// Packages indexed and tarpack add the index. It imports format, device and durable.
package archivefile
