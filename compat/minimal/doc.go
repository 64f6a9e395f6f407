// Package minimal tests the program with the build tag minimal: it has what is left of tpk without
// text search, Markdown, highlighting and S3, and says so. It has tests only.
package minimal
