// Package exclude has the globs that select what is not packed, as *Patterns. Add takes one glob,
// AddFrom takes a file of them, Match is what a walk of the tree asks. It imports no other package
// of tpk.
package exclude
