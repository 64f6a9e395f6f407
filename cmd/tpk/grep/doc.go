// Package grep finds lines in the files of an archive, as grep does in those of a directory.
//
//	pattern.go  what is looked for, in the lines of one file
//	files.go    many files in parallel, with their lines in order
package grep
