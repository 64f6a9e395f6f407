// Package indexed opens an archive with its index: the sidecar beside it or on its device, or one
// that is built in memory. Package tarpack makes its Archive of this; writers use it to read old
// archives.
//
//	archivefile.File + sidecar.Index = indexed.File
//
// Reindex rebuilds the sidecar. A name stands for one archive here, also that of the first shard of
// a set. It imports archivefile, device, durable, scan and format.
package indexed
