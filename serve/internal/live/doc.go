// Package live follows a directory of plain files that programs change all the time, such as the
// output of a documentation generator.
//
//	live.go     Dir: what is served of the directory, New, Start, Close
//	root.go     the directory itself, which may come, go and be replaced
//	follow.go   notices changes: events are gathered, then the folders are read again
//	watch.go    where events come from; where there are none, all folders are read from time to time
//	scan.go     reads folders
//	catalog.go  what is in the directory: the names, and which layer has a content
//	choose.go   which files are packed next
//	pack.go     packs them into a layer, and indexes its text
//	reuse.go    what was packed before and is the same need not be packed again
//	layer.go    a layer: an archive with files as they were at one time
//	store.go    the directory where layers are kept
//	record.go   what is recorded of a layer, so that it can be used after a restart
//
// Each answer depends on a look at the file itself, and never on what was noticed: a layer is used
// for a file only if the file's stamp is that of the content which was packed. So an answer is
// right at once, and only search and compression are late.
//
// A layer is never changed. Small ones are packed again as a part of a larger one, and so are those
// most of whose files have changed, so that all of them together take at most about three times the
// room of one archive.
package live
