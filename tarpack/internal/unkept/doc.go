// Package unkept counts what files on disk have that an archive does not keep, so that a run can
// say so in a few lines: links that lead out of the tree, extended attributes, access control lists
// and file capabilities, and times that only tpk keeps. It imports only format.
package unkept
