// Package pack makes archives.
//
//	of a directory                [Dir]        an archive and its sidecar, or a block device
//	                              [Stream]     an archive to an io.Writer
//	of an fs.FS                   [FS]         an archive and its sidecar
//	                              [StreamFS]   an archive to an io.Writer
//	of entries from memory        [NewWriter]  an archive and its sidecar
//
// The same entries give the same bytes, whichever function packs them and however many goroutines
// compress:
//
//	tree ──► find entries in order ──────────────────────► decide, write ──► out.tar.gz
//	   └───► read, hash and compress (workers) ────────────┘           └───► out.tar.gz.tpi
//
// Archives have times in whole seconds. If a file was written in the current second, packing ends
// when that second is over, so that package edit recognizes any later write by its time.
//
// Archive and sidecar are written to temporary files, which take their places once both are whole
// and on the disk. Until then, and after an error, an archive of that name is as it was.
package pack
