// Package edit tests the commands that change archives. It compares them with a directory that
// undergoes the same changes, lets system calls fail, kills the commands and cuts the power at
// every call, and converts the archives of other programs. Nothing imports it.
package edit
