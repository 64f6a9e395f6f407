// Package head reads the heads of HTTP/1.x requests off a connection.
//
//	Buffer  the bytes that were read, and where the next head in them ends
//	Parse   a head, into a plan.Request and a Head
//
// It reads strictly by RFC 9112. What two programs could read in two ways is an error, so a request
// can't be smuggled past a proxy.
package head
