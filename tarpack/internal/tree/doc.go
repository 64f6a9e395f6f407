// Package tree reads the directories on disk that are packed. It goes through them in the order of
// an archive, follows no links, and notices directories that are replaced meanwhile.
//
//	Tree      a directory, or one file of a directory, and where it goes in the archive
//	Walker    calls Entry for everything in a Tree, in archive order
//	Dir       an open directory, counted, so that files in it can be opened later
//	Inodes    the files that have several names in a Tree
//
// It imports format, exclude and durable.
package tree
