// Package archives has the archives that are served: which ones, below which paths, and until when
// their files stay open.
//
//	library.go  Library, and what it is changed by: Load, Reload, Change
//	reuse.go    what is open already is not opened again
//	nested.go   opens the archives that package nest finds in a tree of plain files
//	set.go      Set, what is served at one time; the deepest mount of a path answers
//	livedir.go  a directory that package live follows
//	mounteddir.go  the directory of a mount; package paths has which paths that may have
//	archive.go  one open archive
//	recover.go  opening an archive again that was written over
//	touch.go    what an answer depends on: Check; package guard decides
//	view.go     View, what one request sees; exports.go for downloads of folders
//	pieces.go   the files to send from: an archive, or the shards of a set
//	variants.go contents in other encodings; package encoded has them
//	mounted.go  what package browse needs of a View for lists, searches, overviews and comparisons
//	file.go     what is known of a file, and its content, for a page
//	rules.go    the files _redirects and _headers
//	links.go    symbolic links to what is hidden
//	waiting.go  the context of an answer, which ends when its client goes away
//	info.go     what the admin API and the log show
//
// A Library replaces its Set as a whole, or not at all. The old Set closes its files when the last
// [View] of it is released. A request takes a View with [Library.View]. The View is a plan.Tree,
// and opens what a plan sends. What it has found stays readable until [View.Release].
package archives
