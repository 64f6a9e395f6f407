// Package changetime reads the time of the last change of a file, which programs cannot set, unlike
// the modification time. It is known on Linux.
package changetime
