// Package hpack decodes the header blocks of requests (RFC 7541).
//
//	decoder.go  Decoder, with its dynamic table
//	huffman.go  strings in Huffman code
//	static.go   the static table
//
// It does the same as golang.org/x/net/http2/hpack, which it gets the static table and the Huffman
// code from. FuzzDecoder compares the two. It takes half as long: it decodes a string without a
// tree, and a Field in a table remembers that it was found valid.
package hpack
