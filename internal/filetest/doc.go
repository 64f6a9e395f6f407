// Package filetest has for tests what package os has not: FIFOs, times of symbolic links, the space
// that a file takes, limits.
//
// It imports nothing of ours.
package filetest
