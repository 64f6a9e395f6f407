// Package listing shows a folder of archives, or the results of a search, as a page or as JSON.
//
//	query.go    reads the query
//	listing.go  asks package browse for the list
//	page.go     renders it as a page, by assets/page.html; row.go a row of it
//	grid.go     pictures instead of rows
//	texts.go    all texts of pages; viewtexts.go those of the pages of files;
//	            showtexts.go those of the ways to show content
//	overview.go what an overview shows: treemap.go, sums.go its tables, overviewjson.go
//	readme.go   the README of a folder; package markdown renders it
//	comparetexts.go  those of package compare
//	plain.go    renders lists of names alone, and rich.go all that is here; listing.go chooses
//	frame.go    what is around the content of every page: assets/frame.html
//	shared.go   what pages of other packages share with those of this one
//	json.go     renders it as JSON
//	text.go     hits of a search in text, for the page and as JSON
//	assets.go   the page's style, script and icons
//
// The page is readable without its script, which adds results while typing, keys and previews. All
// it needs comes from here, under names that change with the content. Its Content-Security-Policy
// allows nothing else.
package listing
