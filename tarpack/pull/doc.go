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
// that were made to collide would not be told apart. Parts of large files, which are segments, and
// MiBs of stored ones, are only taken by SHA-256.
//
// Three things are not in an index: user and group, the order of the headers in one group, and
// which of several codes the encoder chose for the same content in the same length. With a
// signature the SHA-256 of the whole archive is compared, so the result is the archive that was
// signed, byte for byte. Without one:
//
//   - A tar header is made only for archives that keep no owners, and only if it gets the length
//     that the index states. Headers before contents that are fetched are fetched as well, and so
//     are the first one, the last one and those of the largest groups. If one of these has an
//     owner, or other bytes than the one that would have been made, all are fetched.
//   - A content that another encoder compressed to the same length stays as it is in the old
//     archive. It decompresses to the same bytes.
package pull
