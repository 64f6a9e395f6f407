// Package python runs the tests of the Python package in the folder python: its own unit tests, the
// type checker mypy, the archives of testdata/readers without any packages, and the READMEs.
package python
