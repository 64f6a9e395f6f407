// Package object reads one generation of an object on a server, by ranges.
//
//	 package web      package s3      your own
//	   https://         s3://            │
//	      └───────────────┴───────┬──────┘
//	                            Store     one request, one response
//	                              │
//	Open ── first range ──────► Object    size and ETag are fixed
//	                              │
//	              Get, ReadAt ────┴──── If-Match, checks, retries, timeouts
//
// [Open] asks for a range that its caller needs anyway. The response fixes the size and the ETag.
// All later requests have If-Match, and each response must be that very range of that very
// generation, without a content coding. So bytes of two generations never meet.
//
// What goes wrong is one of five kinds:
//
//	source.ErrChanged      the server has another generation now, or none: open it again
//	source.ErrUnavailable  the server fails, is busy or can't be reached, also after some retries
//	ErrAnswer              the server can't be used: it ignores ranges, or compresses, or lies
//	fs.ErrNotExist         Open: there is no such object
//	fs.ErrPermission       the server wants other credentials
//
// After Open, every error but ErrChanged is ErrUnavailable too.
//
// The context of a call may end it at any time. No request waits for longer than
// Options.HeaderTimeout for its response, and for longer than Options.StallTimeout for the next
// part of the body.
package object
