// Package shardset has what a shard set is beyond its archives (FORMAT.md 2.4). That is the list of
// the shards, their content as one file, the sidecar of all, and the commit of a new set.
//
//	List, ReadList     the set's list: sizes and digests of the shards
//	File               an io.ReaderAt of all shards, one after the other
//	Join, Joiner       the set's sidecar, from those of the shards
//	Output             a set that is being written
//
// A set is committed by one rename, that of its list:
//
//	all files with temporary names → the list → proper names of the set's sidecar and the shards
//
// It imports archivefile, indexed, scan, durable, source and format.
package shardset
