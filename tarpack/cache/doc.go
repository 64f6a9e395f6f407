// Package cache opens archives that have no index, and files of other programs. It keeps the index,
// or the file converted to an archive, in a directory.
//
//	DIR/KEY.lock          locked shared while the entry is used, exclusively while it is made; its
//	                      modification time is the time of the last use
//	DIR/KEY/entry.json    written last: without it the entry is not complete
//	DIR/KEY/index.tpi     the index of an archive, or
//	DIR/KEY/archive.tar.gz, archive.tar.gz.tpi
//	                      a converted file, and its index
//
// The key is a hash of what identifies the content of the source file: device, inode, size,
// modification time and change time, which no program can set. A file that has changed gets another
// entry. If all entries together take more than Cache.Limit, those that are not in use are removed,
// the least recently used first.
//
//	cache.go     Cache, Open
//	make.go      converts a file, or makes an index
//	entry.go     an entry and its lock
//	identity.go  the key of a file
//	evict.go     removes entries
//	archive.go   Archive, the result of Open
package cache
