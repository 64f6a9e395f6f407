// Package durable replaces files so that a crash leaves the old content or the new one, and a
// second writer is refused. It also has what the system knows of a file beyond fs.FileInfo.
//
//	Output        an archive and its sidecar, while they are written
//	LockedTemp    a temporary file beside its destination, which is also the lock of that
//	OpenTemp      a temporary file beside its destination
//	UnlinkedTemp  a temporary file beside its destination, without a name
//	ScratchFile   a temporary file in the system's directory, without a name
//	PrivateDir    a directory for a cache, which no other user can write to
//
// It imports format, for names and errors.
package durable
