package plan

// SetMaxNames changes how many paths are planned at a time, and returns the number before.
func SetMaxNames(n int) int {
	before := maxNames
	maxNames = n
	return before
}
