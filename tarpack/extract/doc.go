// Package extract extracts archives to disk.
//
// [Extract] restores an archive, or some of its entries, below a directory. The archive need not be
// trustworthy: no entry can create or change a file outside of that directory. Names that leave it,
// devices and setuid bits are refused one by one, and the rest is extracted.
package extract
