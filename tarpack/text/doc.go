// Package text makes and reads text indexes, ARCHIVE.tpx: files with which the words of HTML,
// Markdown and text documents of an archive are found. FORMAT-TEXT.md is their specification.
//
//	  0 ┌──────────────────────────────────────────────────────────────┐
//	    │ header     its archive, counts, offsets, hashes              │
//	128 ├──────────────────────────────────────────────────────────────┤
//	    │ lists      of each term: documents, counts, positions        │ ← term
//	    ├──────────────────────────────────────────────────────────────┤
//	    │ terms      sorted, front-coded in blocks of 16               │ ← block
//	    ├──────────────────────────────────────────────────────────────┤
//	    │ blocks     of each 16 terms: where they and their lists are  │ ← binary search
//	    ├──────────────────────────────────────────────────────────────┤
//	    │ documents  ordinal in the sidecar, words, title              │ ← number in a list
//	    ├──────────────────────────────────────────────────────────────┤
//	    │ titles                                                       │ ← document
//	    └──────────────────────────────────────────────────────────────┘
//
// [Build] makes the index of an archive. [Open] opens one, and refuses it if it is not that of the
// archive as it is now. [Index.Search] finds documents, best first. [Query.Snippet] cuts the part
// out of a document that shows why it was found.
//
//	header.go     the header, and what ties an index to its archive
//	document.go   which entries are documents, and their words; content.go reads them
//	build.go      Build: documents are read in parallel, and added in order
//	collector.go  terms in memory, and in sorted runs if they are too many
//	merge.go      merges the runs
//	writer.go     writes the sections
//	open.go       Open
//	terms.go      looks terms up
//	lists.go      reads lists
//	query.go      Parse
//	search.go     Search: which documents match
//	rank.go       their order
//	snippet.go    Snippet
//	full.go, minimal.go  whether there is all this: not with the build tag minimal
//
// The terms are words as they are in the documents. A search for a word looks for all words of its
// stem, so the rules for stems can change without a new index.
//
// An index is not trusted. All of it is compared with its hash when it is opened. Offsets, counts
// and numbers are checked again before they are used: a forged index makes searches find the wrong
// documents, or fail with [ErrCorrupt], and nothing worse. The caller decides which of these may be
// shown. A search does a bounded amount of work.
package text
