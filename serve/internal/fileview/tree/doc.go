// Package tree shows JSON as a tree whose parts can be folded, with or without a script.
//
//	parse.go   text to a Node, with numbers as they are written and keys in their order
//	lines.go   JSON Lines: a value on each line
//	unfold.go  which parts of a tree are open at first
//	render.go  the Renderer
//
// JSON that is not valid is shown as text, below a note that names the place of the mistake.
package tree
