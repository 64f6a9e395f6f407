// Package deflate64 decodes Deflate64 ("enhanced deflate", method 9 of zip). Windows writes it for
// files over 2 GiB.
//
// It is deflate (RFC 1951) with three differences (PKWARE, APPNOTE section 4.4.5, and the
// implementations of Info-ZIP and 7-Zip):
//
//   - matches reach back 65,536 bytes instead of 32,768;
//   - the distance codes 30 and 31, which deflate does not use, are the distances from 49,153 and
//     65,537 on, with 14 extra bits;
//   - the length code 285 is the lengths from 3 on, with 16 extra bits, not the length 258.
//
// Call [NewReader]. inflate.go goes through the blocks and symbols, huffman.go decodes codes, and
// bits.go reads bits. It is for small files and rare archives: simple rather than fast.
package deflate64
