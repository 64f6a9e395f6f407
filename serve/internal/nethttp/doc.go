// Package nethttp answers what package net/http carries: HTTP/2, and requests to an http.Handler in
// a program's own server.
package nethttp
