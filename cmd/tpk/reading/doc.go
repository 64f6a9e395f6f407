// Package reading has what the commands that read an archive share.
//
//	open.go  [Open]: an archive or a shard set, with its index
//	path.go  [EntryPath], [Lookup], [Span]: from a word of the command line to entries
//	text.go  [Names], [Long]: entries as lines of text
//	json.go  [JSON]: entries as JSON objects
package reading
