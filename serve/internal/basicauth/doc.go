// Package basicauth checks the passwords of HTTP Basic authentication (RFC 7617) with a file of
// users, as the program htpasswd writes it.
//
//	file.go    File: the users, which are read again when the file changes
//	users.go   lines of the file
//	check.go   Check: credentials of a request, with bounded work
//	known.go   credentials that were right
//
// A check of bcrypt takes tens of milliseconds on purpose. So credentials that were right are
// remembered, a few checks run at the same time, and the others wait in a short queue.
package basicauth
