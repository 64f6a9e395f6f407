// Package compat holds tpk against programs that we did not write: what tpk packs is read by the
// tars and gunzips that its users have, and tpk is fed with the archives that others made, with
// damaged ones and with hostile ones. It has tests only; nothing imports it.
//
//	readers_test.go   trees packed by tpk, extracted by every tar there is
//	gzip_test.go      the gzip layer, read by every gunzip
//	members_test.go   each content member cut out, in single-member mode
//	foreign_test.go   archives that tpk did not write; the member lists of others
//	forged_test.go    archives and sidecars made by FORMAT.md alone, without our packages
//	golden_test.go    archives of every format version
//	example_test.go   the hex dump of FORMAT.md
//	hostile_test.go   archives that want to write elsewhere, and damaged ones
//	badinput_test.go  what is no archive, or has no sidecar or a wrong one
//	extract_test.go   extracting in part, again, and archives of archives
//	deep_test.go      paths beyond PATH_MAX
//	same_test.go      the same tree gives the same bytes
//	faults_test.go    full disks, signals, system calls that fail, two writers
//	sources_test.go   files that change, vanish or cannot be read while they are packed
//	nightly_test.go   what takes minutes: huge files, many files
//	trees, tools, forge   what the tests are made with
//	bench             timings, see its package comment
//
// Programs that are missing are skipped by name; with COMPAT=require in the environment they are
// failures. Tests that take minutes need the build tag nightly.
package compat
