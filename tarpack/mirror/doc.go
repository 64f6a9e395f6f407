// Package mirror brings a directory that an archive was extracted into up to date with a newer one.
//
//	directory ─┐            ┌─► changed   extracted into a hidden directory in it, and renamed
//	           ├─ compared ─┼─► the rest  gets the mode and the time that it must have
//	archive ───┘            └─► gone      removed
//
// [Update] compares the contents of files, not their times: many files of different content have
// the same size and time. Nothing is written to a file that is there: a new one takes its name when
// it is complete and on the disk. So a program that reads the directory meanwhile finds each file
// old or new, and a run that was stopped is continued by the next.
//
// What is in the directory and in neither archive is not touched: Update returns ErrOther before it
// changes anything, unless it may delete that.
package mirror
