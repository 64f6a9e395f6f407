// Package changes has how two folders of archives differ.
//
//	find.go   Find compares them, and finds what was moved
//	rows.go   Comparison, the rows of a list
//	pair.go   what both have at one path
//	cache.go  remembers what was compared last
package changes
