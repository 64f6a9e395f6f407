// Package unkept counts what an archive does not keep of the files on disk, so that a run can
// report it in a few lines: links that lead out of the tree, extended attributes, access control
// lists and file capabilities, and times that only tpk keeps. It imports only format.
package unkept
