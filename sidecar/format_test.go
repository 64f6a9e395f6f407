package sidecar_test

// Offsets and sizes in bytes, as FORMAT.md 2.1 and 2.2 state them.
const (
	atVersion     = 8
	atRequired    = 12
	atOptional    = 14
	atArchiveSize = 16
	atEntries     = 24
	atCounts      = 32
	atNumSections = 112
	atReserved    = 116
	atSections    = 120
	sectionEntry  = 24
	atUnused      = atSections + 6*sectionEntry // of the list of sections
	atDigest      = 504

	recSize    = 8
	recContent = 16
	recTime    = 36
	recType    = 43

	pathLens  = 32  // the numbers of shared and of further bytes in a block
	longLen   = 255 // such a number if the true one stands below
	placeSize = 5
)
