package durable

import "io/fs"

// StatOf returns the zero Stat: Windows has owners and link counts, but a FileInfo does not.
func StatOf(fs.FileInfo) Stat { return Stat{} }

// isOurs returns true: who may write in a directory is up to its access control list, not to the
// owners of the files in it.
func isOurs(fs.FileInfo) bool { return true }

// isPrivate returns nil: a directory in the user's profile inherits an access control list that
// keeps others out.
func isPrivate(string, fs.FileInfo) error { return nil }
