// Package contents has the entries of one archive as they are served: what a path names, folders
// and their totals, and the numbers by which entries are chosen. What is hidden is left out.
//
//	tree.go      Tree, which finds entries by path
//	omission.go  Omission, what is left out; links.go finds symbolic links that lead to it
//	totals.go    the totals of folders
//	choose.go    Folder, whose entries have numbers, for downloads of some of them
//	sums.go      checksums
package contents
