// Package engine accepts connections and hands each to package http1, which hands those of HTTP/2
// on to package http2. It ends them all together. The limits on connections are enforced by
// http1.Server.Add, for both protocols.
package engine
