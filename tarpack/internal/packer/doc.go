// Package packer makes an archive from items that come in the order of the archive.
//
// A run has three kinds of goroutines. The walker submits the items in order. Workers load, hash
// and compress small files in any order. The sequencer takes the items in order again, decides what
// becomes of each, and writes. A fourth goroutine, in package output, waits for the system:
//
//	walker ─► queue.order ───────────────────────────► sequencer ─► tarwriter ─► out.tar.gz
//	      └─► queue.jobs ─► workers ─► the Item ───────┘  │    └──► build.Builder ─► out.tar.gz.tpi
//	                         ▲                            │
//	                         └── pieces of a big file ────┘
//
// What the sequencer decides does not depend on timing, so the archive has the same bytes with any
// number of workers. It sends each item one of these ways:
//
//	directory, link      placed in a group                   sequencer.go
//	small file           prepared by a worker, written       placefile.go
//	big file             compressed piece by piece           placebig.go, pieces.go
//	unchanged content    its members copied                  placekept.go
//	duplicate            made a hard link to a copy          placefile.go (target)
//	another name         made a hard link to the first       placefile.go (placeName)
//
// Content that deflate would shrink by less than 3 % is stored. worker.go decides that for a small
// file, placebig.go for a big one, both with package gzmember.
//
// At the end, [Packer.Run] waits until the second of the newest file is over (recent.go).
//
// Call [New], then [Packer.Run] with a function that submits items. It is [Packer.Walk] for a tree,
// [Packer.WalkFS] for a file system, or a Merger of package rewrite for archives.
package packer
