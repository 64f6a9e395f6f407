// Package convert makes archives from files that are not valid archives.
//
// [Convert] reads a tar, a compressed tar or a zip of another program. [Repair] saves what is
// intact in a damaged archive. Both write entries to a temporary file in the order of the input. A
// rewrite then brings them into the order of an archive and finds duplicates. Convert also reads
// tpk archives, and copies their members.
//
//	convert.go  Convert: the spool, and the entries that go there
//	parts.go    the parts of the input, each in one format; what follows them
//	input.go    the input, read from front to back and at any offset
//	archive.go  the entries of a tpk archive
//	streams.go  the formats that compress a tar; gzip.go
//	tar.go      the entries of a tar; tarinput.go finds their headers, tarpax.go extended ones
//	zip.go      the entries of a zip; zipends.go, zipheader.go, zipextra.go, zipcontent.go
//	repair.go   Repair; salvage.go finds the intact entries
package convert
