// Package convert makes archives from files that are not valid archives.
//
// [Convert] reads a tar, a compressed tar or a zip of another program. [Repair] saves what is
// intact in a damaged archive. Both write entries to a temporary file in the order of the input. A
// rewrite then brings them into the order of an archive and finds duplicates.
//
//	convert.go  Convert, and decompress: the formats by their first bytes
//	tar.go      the entries of a tar
//	zip.go      the entries of a zip
//	repair.go   Repair; salvage.go finds the intact entries
package convert
