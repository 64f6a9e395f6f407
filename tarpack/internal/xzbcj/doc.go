// Package xzbcj decodes .xz streams whose content went through the filters for ARM64 and RISC-V
// code, which no library decodes. A filter makes the relative addresses of jumps absolute, so that
// equal targets have equal bytes (The .xz File Format 1.2.0, section 5.3.2).
//
//	stream.go   the stream: header, blocks, index, footer (sections 2 to 4)
//	block.go    a block: its header, its content, its check (section 3)
//	filter.go   the reader that a filter works on
//	arm64.go, riscv.go   the filters, in reverse
//
// LZMA2 is decoded by github.com/ulikunitz/xz/lzma. For streams with other filters use
// github.com/mikelolasagasti/xz, which is faster: [Needed] tells them apart.
package xzbcj
