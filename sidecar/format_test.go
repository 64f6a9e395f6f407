package sidecar_test

// Offsets and sizes in bytes, as FORMAT.md 2.1 and 2.2 state them.
const (
	atVersion     = 8
	atNumSections = 12
	atArchiveSize = 16
	atEntries     = 24
	atCounts      = 32
	atReserved    = 104
	atSections    = 160
	sectionEntry  = 24
	atDigest      = 304
	atTail        = 312

	recSize    = 8
	recContent = 16
	recTime    = 36
	recType    = 43

	pathLens  = 32  // the numbers of shared and of further bytes in a block
	longLen   = 255 // such a number if the true one stands below
	placeSize = 5
)
