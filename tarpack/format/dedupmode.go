package format

// DedupMode selects which equal files are stored once, the others as hard links to that copy.
type DedupMode int

const (
	// DedupContent links files with equal bytes and permissions, and equal owners where these are
	// kept.
	DedupContent DedupMode = iota
	// DedupStrict links only files whose modification times are equal, too.
	DedupStrict
	// DedupOff stores every file.
	DedupOff
)
