// Package python runs the tests of the Python package in the folder python: its own unit tests, the
// type checker mypy, and, with each Python that is found, the archives of testdata/readers.
package python
