// Package variants builds, checks and removes the variants file of an archive: NAME.tar.gz.tpv,
// with brotli and Zstandard of the contents (FORMAT.md 7). Package sidecar/variants reads it.
//
//	archive ─► contents ─► workers: encode, or take from the old file ─► NAME.tar.gz.tpv
//	              │                  ▲                          │
//	              └─ sample ─► dictionary of the pages         journal of what is complete
//
// [Build] writes the file, or brings it up to date. It takes what the old file has of unchanged
// contents. If it is stopped or killed, the next Build of the same archive goes on where it was.
// [Verify] decodes all variants and compares them with the contents. [Drop] removes the file.
package variants
