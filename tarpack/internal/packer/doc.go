// Package packer makes an archive from items that come in the order of the archive.
//
// A run is three kinds of goroutines. The walker submits the items in order, workers load, hash and
// compress small files in any order, and the sequencer takes the items in order again, decides what
// becomes of each, and writes. A fourth, in package output, waits for the system meanwhile:
//
//	walker ─► queue.order ───────────────────────────► sequencer ─► tarwriter ─► out.tar.gz
//	      └─► queue.jobs ─► workers ─► Item.prepared ──┘  │    └──► sidecar.Builder ─► out.tar.gz.tpi
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
// Call [New] and [Packer.Run] with a function that submits items: [Packer.Walk] for a tree,
// [Packer.WalkFS] for a file system, a Merger of package rewrite for archives.
package packer
