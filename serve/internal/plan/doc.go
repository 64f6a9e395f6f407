// Package plan decides how an HTTP request is answered. It does no I/O: from a [Request] and a
// [Tree] that looks paths up, it makes a [Plan]. That has the status, the header fields, and which
// bytes are the body.
//
//	planner.go         the method, and what to look for
//	target.go          the path and the query of the request-target
//	find.go            what the path names: a file, a folder, a redirect; resolve.go follows links
//	siterules.go       what the files _redirects and _headers of a site ask for
//	othermethod.go     methods other than GET and HEAD, which a site may redirect
//	sandbox.go         documents whose scripts can't reach other pages of the host
//	access.go          clients that must give a password
//	representation.go  which coding and which part of the file
//	negotiate.go         Accept-Encoding: the weights of a client
//	variant.go           variants: contents in other encodings; which one is sent
//	dictionary.go        dictionaries of variants, and how pages announce them
//	gzipped.go           content that is gzip itself
//	precondition.go      If-Match, If-None-Match, If-Modified-Since …
//	ranges.go            Range: 206, multipart/byteranges, 416
//	media.go             Content-Type
//	plan.go, fields.go the result, and its header fields
//	listing.go         folder pages and pages of files, which something else renders
//	request.go, options.go  what a plan depends on
//
// [New] compiles [Options] into a [Planner], and [Planner.Plan] is called for each request. What
// sends the Plan decides nothing itself. Terms are those of RFC 9110.
//
// Planning a request without a Range, preconditions or percent-escapes allocates nothing, once its
// Plan has been used before.
package plan
