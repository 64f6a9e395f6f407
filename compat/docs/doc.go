// Package docs tests the Markdown files of the project: that links lead somewhere, that decision
// pages have their headings, and that commands print what the pages show. It also checks the manual
// pages. It has tests only.
package docs
