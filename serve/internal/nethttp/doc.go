// Package nethttp answers requests to an http.Handler in a program's own server.
package nethttp
