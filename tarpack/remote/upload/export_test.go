package upload

// PartSize is the size of part n without Options.PartSize.
func PartSize(n int) int64 { return (&Options{}).withDefaults().partSize(n) }

// InMemory is the size up to which parts are in memory.
const InMemory = inMemory

// SetMaxParts sets the most parts of an upload and returns a function that undoes it.
func SetMaxParts(n int) (undo func()) {
	old := maxParts
	maxParts = n
	return func() { maxParts = old }
}
