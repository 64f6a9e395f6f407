// Package cache opens archives that have no index, and files of other programs, by way of a
// directory that keeps the work: an index, or the file converted to an archive.
//
//	DIR/KEY.lock          held shared by whoever uses the entry, alone by whoever makes it; its
//	                      modification time is that of the last use
//	DIR/KEY/entry.json    written last: without it the entry is not complete
//	DIR/KEY/index.tpi     the index of an archive, or
//	DIR/KEY/archive.tar.gz, archive.tar.gz.tpi
//	                      a converted file, and its index
//
// The key is a hash of what identifies the content of the source file: device, inode, size,
// modification time and change time, which no program can set. A file that has changed gets another
// entry. Entries that nobody uses are removed, the least recently used first, when all together
// take more than Cache.Limit.
//
//	cache.go     Cache, Open
//	make.go      converts a file, or makes an index
//	entry.go     an entry and its lock
//	identity.go  the key of a file
//	evict.go     removes entries
//	archive.go   Archive, what Open returns
package cache
