// Package totals adds up what is below each directory of an archive (FORMAT.md 2.2, record of a
// directory).
//
//	Names    hard links ─→ for each name of a content, the name of it that comes before
//	Counter  entries in path order ─→ the totals of each directory, as it ends
//
// Of a content with several names, each directory counts the member once. Going through the names
// in path order, every directory around a name adds the member's length; those that are also around
// the name before take it off again. It is enough to take it off the innermost of these, since what
// a directory has is added to the directory around it.
package totals
