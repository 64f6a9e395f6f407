// Package plan divides what is to be packed between several machines: it writes one manifest for
// each shard of a set.
//
//	Dir        plans a directory, which it reads with several goroutines
//	Names      plans certain paths below a directory, each with everything below it
//	List       plans exactly the paths of a list
//	Inventory  plans the objects of an S3 inventory, without looking at them
//
// A manifest is a list of paths, each with a zero byte behind it, in the order of an archive. It
// has files, links, special files, and directories without anything below them. Other directories
// are packed with what is below them. Each manifest becomes one archive, by pack.Dir with the
// option ExactNames, in any order and on any machine. If they have the names of the shards of a
// set, tarpack.Reindex joins them.
//
//	walk, list or inventory ─► collector (sorts on disk) ─► ranges of equal cost ─► manifests
//
// Memory does not grow with the number of entries. Only the names of one directory, and those
// directories that are found but not read yet, are in memory.
package plan
