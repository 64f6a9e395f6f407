// Package changetime detects whether a file has changed. It uses the time of the last change, which
// programs cannot set, unlike the modification time. Windows does not tell it.
//
//	Of       the time
//	Stamp    all that identifies the content of a file; Stat returns it for an open file
//	Written  whether a program has a file open for writing
package changetime
