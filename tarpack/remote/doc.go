// Package remote opens archives on servers: with an http or https URL, or in S3.
//
//	a.tar.gz.tpi ─► object.Object ─► blocks.Generation ─► sidecar.Index, mapped from the cache
//	a.tar.gz     ─► object.Object ─► blocks.Generation ─► source.Source
//	                    │                    │                    └──► tarpack.Archive
//	     one generation, by ranges     what was fetched
//
// [Open] asks for the end of the archive and for the beginning of its sidecar at the same time.
// Without a sidecar it takes the index that the archive has in itself. An index of at most 64 MiB
// is downloaded whole. It is checked, kept in the cache and mapped from there. Of a larger one, and
// of the archive, blocks of 64 KiB are fetched as they are needed.
//
//	object    one generation of an object: ranges, checks, retries, timeouts
//	web, s3   how a server is asked
//	blocks    what was fetched, on the disk
package remote
