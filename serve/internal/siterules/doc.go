// Package siterules reads the files _redirects and _headers of a site, and finds the rules in them
// that hold for a request. Their syntax is that of Netlify and of Cloudflare Pages. Where these
// differ, docs/decisions has what was decided.
//
//	siterules.go  Parse: from the two files to a Site
//	redirects.go  lines of _redirects
//	find.go       which of these is the answer to a request
//	headers.go    blocks of _headers
//	fields.go     the header fields of an answer
//	allowed.go    which header fields a site may set
//	pattern.go    paths with placeholders and a splat
//	target.go     targets and values in which these are replaced
//	table.go      finds the few rules that can match a path
//	watched.go    the files of a directory, which may change
//
// All text of the files is hostile, and so is the path of a request. A line that is not understood
// is a Problem, and the other lines are used.
package siterules
