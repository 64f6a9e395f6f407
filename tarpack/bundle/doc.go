// Package bundle puts an archive behind a program that reads it: the result is one executable with
// the archive, its index and the other files that lie beside it.
//
//	│ program │ zeros │ archive │ zeros │ index │ … │ directory │ footer │
//	          └── each file at a multiple of 64 KiB ──┘          └ 64 bytes
//
// The archive has the same bytes as in a file of its own, and is read where it is: mapped into
// memory, nothing is copied out. All places are counted back from the end of the footer, so a
// change of the program's size does no harm.
//
//	layout.go   directory and footer: what is where
//	find.go     [Find]: the footer of a file. A signature of the system may follow it
//	open.go     [Open]: the archive in a bundle, with its index, as tarpack.Open does for a file
//	verify.go   [File.Verify]: compares all bytes with the SHA-256 sums in the directory
//	mark.go     [Marked]: whether the program that runs was bundled
//	program.go  [ReadProgram]: a program that can be bundled
//	pe.go       programs for Windows: the signature of the program alone is removed
//	macho.go    programs for macOS: the bytes behind the program belong to its last segment
//	adhoc.go    and are signed with it
//	make.go     [Make]: writes a bundle
//
// # Format
//
// The footer is the last 64 bytes. If the system has signed the file, it is the last 64 bytes
// before the signature, with up to 15 zero bytes between them. Numbers are little-endian.
//
//	at  type  content
//	 0  8 bytes  "TPKBUNDL"
//	 8  u32   version = 1
//	12  u32   zero
//	16  u64   length of the directory, at most 64 KiB
//	24  u64   bytes from the end of the program to the end of the footer
//	32  16 bytes  zero
//	48  u64   xxHash64 of the directory
//	56  u64   xxHash64 of bytes 0 to 55
//
// The directory precedes the footer. It is JSON: the name that the archive had, and for each file
// the suffix of its name ("" for the archive itself), the distance from its first byte to the end
// of the footer, its size, and its SHA-256. Readers ignore members that they do not know.
//
// The program has 32 bytes that occur nowhere else in it, and a state behind them. In a bundle that
// is 1, so a program whose archive is gone knows that it had one: strip removes it, for example.
package bundle
