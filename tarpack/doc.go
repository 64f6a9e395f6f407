// Package tarpack reads tpk archives: ordinary .tar.gz files in which the content of every file is
// one gzip member, with a sidecar that holds the place of each. FORMAT.md is their specification.
//
//	            ┌────── file ──────┐ ┌─ file ─┐ ┌─ group ─┐ ┌─ file ─┐
//	out.tar.gz  │ H │    C     │ P │ │ H │ C  │ │    G    │ │ H │ …  │ … │ T │
//	            └───┴────▲─────┴───┘ └────────┘ └─────────┘ └────────┘   └───┘
//	out.tar.gz.tpi ──────┘ records, paths, table (package sidecar)
//
// [Open] opens an archive, a block device or a shard set by name, [OpenAt] one in memory or inside
// another file, and [OpenSource] one on a source of your own. [Archive.FS] reads it through io/fs;
// [Archive.OpenContent] decompresses one entry. [Verify] checks every byte, [Compare] compares two
// archives, and [Reindex] rebuilds a sidecar. [EmbedIndex] puts it into the archive, which is one
// file then, and [TakeOutIndex] takes it out.
//
// Each job that writes has its own package:
//
//	pack     archives from directories, from any fs.FS, or from entries in memory
//	extract  directories from archives
//	edit     update, add, remove, merge, compact
//	convert  archives from tar and zip files, and from damaged archives
//	deploy   a new archive in the place of one that is served
//	shard    sets of archives, by packing or splitting
//	export   a folder of an archive as .tar.gz or .zip, without compressing again
//	cache    indexes and converted files, kept in a directory
//	sign     signatures of archives
//	plan     lists of what several machines pack
//	bundle   an executable of a program and an archive
//	text     indexes of the words of documents, and searches in them
//	variants brotli and Zstandard of an archive's files, beside it
//	website  a viewer that makes an archive on any server a web site
//
// Package mount shows archives as a directory of the system.
//
// Package remote opens archives on servers, by https or in S3. Package pull downloads one, except
// for what an older archive has. Package patch makes files that shorten this, for archives in which
// much has changed a little. Package mirror updates a directory that an archive was extracted into.
//
// All share format (the layout of bytes, errors, names), signature (keys, and what was signed),
// source (where bytes are), exclude, attributes, symlink and siblings, and the machinery below
// internal, which nobody else can import. The imports run one way:
//
//	cache ─► convert, bundle   remote ─► remote/web, remote/s3, remote/blocks, remote/object,
//	                                     remote/upload
//	pull ─► sign, patch        mirror ─► extract
//	pack, extract, edit, convert, shard, export, bundle, cache, sign, plan, remote, patch, pull,
//	mirror, mount
//	  │  └─► tarpack ─► source, symlink, signature ─► format ─► sidecar, gzmember
//	  └────► internal/rewrite ─► internal/packer ─► internal/… ─► format
//
// What is written goes to temporary files first and is renamed when it is complete and on the disk.
// What is read is never trusted: a tar header counts only in the one form that this package writes,
// every offset is checked before use, and an error names the path or the offset and wraps one of
// the errors of package format.
package tarpack
