package format

// ChangeKind says how an archive differs from what it was, at one path.
type ChangeKind uint8

// The kinds of change.
const (
	Added   ChangeKind = 1 + iota // the path is new
	Changed                       // content, type, mode, time, owner or link target is another one
	Removed                       // the path is gone
)

// String is added, changed or removed.
func (k ChangeKind) String() string {
	switch k {
	case Added:
		return "added"
	case Changed:
		return "changed"
	}
	return "removed"
}

// Changes counts the entries that a command has changed in an archive, or would.
type Changes struct {
	Added, Changed, Removed int64
	Kept                    int64 // are as they were
	Ignored                 int64 // of those to add: were there already
}

// Any says whether there was a change.
func (c Changes) Any() bool { return c.Added+c.Changed+c.Removed > 0 }
