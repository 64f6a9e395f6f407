// Package forwarded finds out who the client of a request is if proxies are in between.
//
//	trust.go      which addresses are proxies that may name a client
//	fields.go     X-Forwarded-For, X-Forwarded-Proto and Forwarded (RFC 7239), from the right
//	introduce.go  the PROXY protocol, versions 1 and 2, which comes before everything else
//
// Everything that a client can send may stand in these, too. So only what a trusted proxy has added
// is taken: [Trust.Client] goes from the right to the left, and stops at the first address that is
// no proxy. The protocol is that of https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt.
package forwarded
