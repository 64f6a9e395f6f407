// Package reading has what the commands that read an archive share.
//
//	open.go      [Open]: an archive or a shard set, with its index
//	remote.go    an archive on a server
//	download.go  [Download]: all of it, in temporary files
//	opener.go    [Opener]: archives on servers, for a server
//	path.go      [EntryPath], [Lookup]: from a word of the command line to an entry
//	match.go     [Find], [Spans]: from words, which may be globs, to entries
//	text.go      [Names], [Long]: entries as lines of text
//	json.go      [JSON]: entries as JSON objects
package reading
