// Package compare shows how two folders differ, as a page or as JSON, and the differences in the
// text of a file.
//
//	query.go    reads the query
//	compare.go  answers: asks package browse to compare, and chooses what to render
//	page.go     the list of what differs, by assets/compare.html
//	sides.go    the form that chooses the folders
//	file.go     the page of one file, by assets/file.html; package textdiff compares texts
//	json.go     the same as JSON, like that of tpk's command line
//	assets.go   the style of both pages
//
// The pages have no script. They are links and forms.
package compare
