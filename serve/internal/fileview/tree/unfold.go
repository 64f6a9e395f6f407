package tree

// openRows is about how many rows are visible at first.
const openRows = 120

// Unfold opens the outermost objects and arrays, level by level, while what is visible is short.
// The root is always open.
func Unfold(root *Node) {
	root.Open = true
	rows := len(root.Nodes)
	for level := root.Nodes; len(level) > 0; {
		var next []*Node
		for _, n := range level {
			if len(n.Nodes) == 0 || rows+len(n.Nodes) > openRows {
				continue
			}
			n.Open = true
			rows += len(n.Nodes)
			next = append(next, n.Nodes...)
		}
		level = next
	}
}
