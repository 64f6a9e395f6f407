// Package scan reads archives from their first byte to their last. It checks every byte with the
// rules of FORMAT.md, and builds the index of what it finds.
//
//	Scan → chunks → unitReader → Unit → Each          a reader for each chunk, units in order
//	                                     └ Indexer    items → build.Builder → sidecar
//
// BuildIndex does all of it for an archive that must be sound. Verify and repair run a Scan of
// their own, which goes on after damage.
//
// It imports format, and no other package of tarpack.
package scan
