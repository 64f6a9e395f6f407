// Package overview adds up what is in a folder of an archive: by folder, by type, the largest
// files, and the contents that have several names.
//
//	overview.go  Make, and what it returns
//	cells.go     the parts of the folder, from the totals that the index states
//	scan.go      one pass over all that is in the folder
//	top.go       the largest of many
//	treemap.go   rectangles for parts of a whole
//
// The cells cost one look at each entry directly in the folder, and in its largest folders. The
// scan costs one at each entry at any depth. Both keep a bounded number of entries, but for eight
// bytes for each hard link.
package overview
