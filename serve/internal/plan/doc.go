// Package plan decides what goes out for an HTTP request. It does no I/O: a request, a [Tree] that looks
// paths up, and out comes a [Plan], the status, the header fields and which bytes make the body.
//
//	Request ──► method ──► target ──► Tree ──► coding ──► preconditions ──► range ──► Plan
//	            method.go  target.go  resolve.go negotiate.go precondition.go ranges.go  plan.go, fields.go
//
// [New] compiles [Options] into a [Planner]; [Planner.Plan] is called for each request, by every engine.
// An engine carries a Plan out; it decides nothing itself. Terms are those of RFC 9110.
//
// Planning a request without a Range, preconditions or percent-escapes allocates nothing once the Plan it
// is given has been used before.
package plan
