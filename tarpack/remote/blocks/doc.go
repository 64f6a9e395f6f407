// Package blocks is the cache of remote objects' bytes, in blocks of 64 KiB. What was fetched once
// is read from the disk, also by other processes and after a restart.
//
//	source.Source ──► Generation ──► Fetch, a function that requests a range of the object
//	                      │
//	                    Cache
//	                      ├─ internal/sparse  a sparse file, with a table of the blocks in it
//	                      └─ memory           a few blocks, where that can't be used
//
// [New] returns a [Cache], and [Cache.Open] a [Generation] of an object. That has the methods of
// source.Source but Identity and Check, which are for the package that knows the object. Its key
// identifies it, so bytes of two generations never meet.
//
// # Requests
//
// Blocks that are missing and neighbours are requested together. A block is requested once, however
// many readers wait for it. A reader that gives up does not disturb the others; if it was the last,
// the request is cancelled. If a reader goes forward twice, blocks ahead of it are requested, too,
// at most four times what it has read. [Generation.StopAhead] keeps that from long contents that
// nobody may want. The number of requests at once is limited.
//
// # What is kept
//
// A block that was received is unproven: it is used, and removed when the generation is next
// opened. A reader makes an [Attempt]. When it has compared a content with its checksum it calls
// [Attempt.Confirm], and the blocks that the content lies in are kept. If the checksum is wrong it
// calls [Attempt.Reject], which removes them, so that they are fetched again, once.
//
// A block that is kept may have bytes that nobody has compared with anything yet, those of the
// contents beside. So a reader compares each content the first time that a process uses it.
//
//	cache.go       Cache, Options
//	generation.go  Generation: Open, Close
//	read.go        ReadAt, ReadNow, Fetch, Piece
//	pending.go     blocks that readers wait for
//	request.go     requests, and how many are made at once
//	ahead.go       reading ahead
//	keep.go        where a block is stored
//	attempt.go     Attempt: Confirm, Reject, Confirmed
//	arrivals.go    which contents are confirmed
//	memory.go      blocks in memory
package blocks
