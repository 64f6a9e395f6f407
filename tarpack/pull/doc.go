// Package pull downloads an archive from a server, and takes from an older one on the disk what
// both have.
//
//	index of the new archive ─┐
//	index of the old archive ─┴─► pieces ─► copied   contents and segments of the old archive
//	                                     ─► made     tar headers, padding, trailer
//	                                     ─► fetched  the rest, in few ranges ─► journal
//
// [Pull] joins the pieces in a temporary file, checks it, and gives it its name. What was fetched
// is in a journal beside it, so a Pull that was stopped goes on where it was.
//
// # What is proven by what
//
// The index of the new archive is the measure. It was compared with its own hashes when it was
// opened. The joined archive is read from end to end, and its index is built again. It must have
// the digest that is in the trailer. So each content has the size, the CRC-32 and the xxHash64
// that the index states, and the SHA-256 if the index has those; each tar header is canonical and
// states what the index does; and each member has its place and length.
//
// A content of the old archive is nominated by size, xxHash64, CRC-32, coding, and the length of
// its member. If both indexes have SHA-256 sums, these must be equal, too. Without them, contents
// that were made to collide would not be told apart. A segment of a large file is nominated by the
// sums of its MiBs, or without sums by its length, its path and its number. Then the CRC-32 and the
// xxHash64 of the whole content show whether it is right. MiBs of stored contents are only taken by
// SHA-256.
//
// Three things are not in an index: user and group, the order of the headers in one group, and
// which of several codes the encoder chose for the same content in the same length. So the result
// has the bytes of the new archive for sure only where a SHA-256 of all of them is known. There are
// three of these:
//
//   - that which was signed, if the archive was opened with a signature. A result with another one
//     is an error.
//   - that in a patch. A result with another one is made without the patch.
//   - that in Options. If a result has another one, everything is fetched.
//
// Without any:
//
//   - A tar header is made only for archives that keep no owners, and only if it gets the length
//     that the index states. Headers before contents that are fetched are fetched as well, and so
//     are the first one, the last one and those of the largest groups. If one of these has an
//     owner, or other bytes than the one that would have been made, all are fetched.
//   - A content that another encoder compressed to the same length stays as it is in the old
//     archive. It decompresses to the same bytes.
//   - An index that contradicts tar headers in the archive which are not fetched is not noticed.
//     The result is the archive that the index describes.
//
// # Patches
//
// A patch is looked for if something is to be fetched, and used if it is shorter. What it can't
// make is fetched. It is in the same journal as the rest, so a Pull that was stopped goes on with
// it.
package pull
