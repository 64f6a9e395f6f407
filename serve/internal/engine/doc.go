// Package engine accepts connections and hands each to the package for its protocol: http1, or
// nethttp for HTTP/2. It ends them all together.
package engine
