// Package shard writes shard sets: one archive divided into several files that are archives
// themselves.
//
// [Pack] packs a directory tree into a set, and [Split] divides an existing archive into one. The
// shards of the archive NAME.tar.gz are NAME-00000-of-00016.tar.gz and so on. One list and one
// sidecar describe them all (FORMAT.md, section 2.4). tarpack.Open opens the whole set by the name
// of its first shard.
//
// Shards are consecutive runs of entries in the order in which pack.Dir writes them. Each shard is
// a valid archive, so it also contains every directory above its entries. A set appears under its
// final names as a whole, or not at all.
package shard
