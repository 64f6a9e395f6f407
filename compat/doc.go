// Package compat has no code. Its folders test tpk together with programs and archives of others:
//
//	pack       packing: the same bytes each time, changing trees, failing disks, shards, devices
//	readers    archives and exports, read by every tar, gunzip and unzip there is
//	extract    archives that are partial, foreign, damaged or hostile, read by tpk
//	format     FORMAT.md: archives made from it alone, its example, and archives of every version
//	edit       the commands that change an archive, failures and power cuts included
//	remote     objects on servers of others: S3, and https by nginx
//	serve      the server: clients, the tests of other servers, abuse
//	browser    the pages of the server in Chromium
//	bench      measurements; see its package comment
//
//	trees      directory trees: their description, and how two of them differ
//	forge      archives written from FORMAT.md alone, also wrong ones
//	tools      programs: finding, running and watching them
//	fixture    what the tests of several folders share
//	sweep      the share of a long test that a run takes
//	longtests  the list of tests that do more without -short
//
// A test that needs a missing program is skipped; with COMPAT=require in the environment it fails.
// Tests that take very long or need much disk have the build tag nightly. See also docs/testing.md.
package compat
