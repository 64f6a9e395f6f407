// Package respond answers one request, whatever connection it came by.
//
//	Exchange.Request ──► Prepare ──► AppendHead ──► AppendBody   a short body, behind its head
//	                     respond.go  head.go    │   short.go
//	                                            └─► WriteBody    any other, to a transfer.Sink
//	                                                long.go
//
// Prepare also inflates content that is gzip itself for clients that refuse gzip (inflate.go).
//
// An event loop must not wait, so it uses PrepareAtOnce and BodyAtOnce (atonce_linux.go), which
// give up where they would have to. Exchange.Unchanged (unchanged.go) checks several of these
// answers together, before they are sent.
//
// [Responder.Finish] counts and logs the answer and releases its files. Every way to talk HTTP
// answers with this code, so an answer does not depend on the connection.
package respond
