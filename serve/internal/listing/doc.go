// Package listing shows a directory of archives as a page, or as JSON, and the results of a search.
//
//	plan.Listing ──► listing.go ──► archives.View.List or Search ──► page.go ──► page.html
//	                                                             └─► json.go
//
// The page is readable without its script, which adds a filter, keys and previews (list.js). All it needs comes from
// here, under names that change with the content (assets.go); the Content-Security-Policy allows nothing else.
package listing
