package format

// DedupMode says which equal files become hard links to one copy.
type DedupMode int

const (
	// DedupContent asks for the same bytes and permissions (and owner, where owners are kept).
	DedupContent DedupMode = iota
	// DedupStrict asks for the same modification time as well.
	DedupStrict
	// DedupOff writes every copy.
	DedupOff
)
