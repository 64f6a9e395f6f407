// Package browse has what pages show of the archives that are served.
//
//	view.go      View, what a page can ask for, and Memory, what is remembered between requests
//	list.go      folders; collect.go gathers what is in them, listplain.go plain files,
//	             choices.go the numbers to choose entries with
//	readme.go    the READMEs of a folder
//	mountlist.go what is mounted; package describe finds a description, abouts.go remembers it
//	searchview.go  searches; searchplain.go for plain files, searchlive.go for those in memory;
//	             package match compares
//	searchtext.go  searches in text, with the text indexes of package textindex
//	overview.go  overviews of folders, by package overview; overviewcache.go limits them
//	compare.go   two folders whose differences package changes finds; comparefile.go for one file,
//	             counterparts.go for what to compare with
package browse
