package format

// Progress is how far a command has come.
type Progress struct {
	Entries int64 // entries written or read
	Bytes   int64 // bytes of their content, before compression; hard links have that of their target
}

// ChangeKind is how an archive differs from its former state at one path.
type ChangeKind uint8

// The kinds of change.
const (
	Added   ChangeKind = 1 + iota // the path is new
	Changed                       // content, type, mode, time, owner or link target differs
	Removed                       // the path is gone
)

// String returns "added", "changed" or "removed".
func (k ChangeKind) String() string {
	switch k {
	case Added:
		return "added"
	case Changed:
		return "changed"
	}
	return "removed"
}

// Changes counts the entries that a command changes in an archive.
type Changes struct {
	Added, Changed, Removed int64
	Kept                    int64 // entries that stay as they were
	Ignored                 int64 // entries not added because the archive has their path already
}
