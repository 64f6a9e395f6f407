// Package pages answers with tpk's own pages: the lists of package listing, the pages of files of
// package fileview, the comparisons of package compare, and the files that these need.
//
// With the build tag minimal there are plain lists alone.
package pages
