package xzbcj

import "encoding/binary"

// arm64 reverses the filter for ARM64. It has made the targets of BL absolute, and those of ADRP
// within 512 MiB, which are in units of 4 bytes and of 4 KiB.
func arm64(pc uint32, b []byte) int {
	const (
		adrpSign  = 1 << 17 // of the 18 bits of an address that are kept
		adrpRange = 0x1c0000
	)
	n := len(b) &^ 3
	for i := 0; i < n; i += 4 {
		at := pc + uint32(i)
		in := binary.LittleEndian.Uint32(b[i:])
		switch {
		case in>>26 == 0x25: // BL
			in = 0x25<<26 | (in-at>>2)&(1<<26-1)
		case in>>24&0x9f == 0x90: // ADRP: 2 bits of the address at 29, 19 at 5
			address := in>>29&3 | in>>5&(1<<19-1)<<2
			if (address+adrpSign)&adrpRange != 0 {
				continue
			}
			address -= at >> 12
			high := address >> 2 & (1<<16 - 1)
			if address&adrpSign != 0 {
				high |= 7 << 16
			}
			in = in&0x9000001f | address&3<<29 | high<<5
		default:
			continue
		}
		binary.LittleEndian.PutUint32(b[i:], in)
	}
	return n
}
