// Package engine accepts connections and hands each to the package for its protocol: http1, or
// nethttp for HTTP/2. It ends them all together. The limits on connections are enforced by
// http1.Server.Add, for both protocols.
package engine
