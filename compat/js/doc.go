// Package js tests the reader in js, in Node, and that the files of the viewer that are kept in
// tarpack/website are those that its source gives. Package browser tests the viewer.
package js
