package attributes

// An Owner is a user or a group.
type Owner struct {
	ID   int
	Name string // may be ""; then a reader has only the ID
}
