package xzbcj

import "encoding/binary"

// riscv reverses the filter for RISC-V. It works on two kinds of instructions, at even addresses:
//
//   - JAL to x1 or x5: its address was made absolute, and its bits put into order, the highest
//     first.
//   - AUIPC and the instruction that uses its result, a pair with one 32-bit address. The encoder
//     stores such a pair as an AUIPC to x2, with the second instruction's low 20 bits, and the
//     absolute address in big-endian order. A pair of the input that looked like that already was
//     stored as another pair.
func riscv(pc uint32, b []byte) int {
	const longest = 8
	i := 0
	for i+longest <= len(b) {
		switch {
		case b[i] == 0xef:
			i += jal(pc+uint32(i), b[i:])
		case b[i]&0x7f == 0x17:
			i += auipc(pc+uint32(i), b[i:])
		default:
			i += 2
		}
	}
	return i
}

// jal decodes a JAL at b and returns how many bytes to go on.
func jal(pc uint32, b []byte) int {
	if b[1]&0x0d != 0 { // neither x1 nor x5
		return 2
	}
	address := uint32(b[1]>>4)<<17 | uint32(b[2])<<9 | uint32(b[3])<<1
	address -= pc
	bit := func(from, to, n uint) uint32 { return address >> from & (1<<n - 1) << to }
	// Bits 19:12, 11, 10:1 and 20 of the address, from bit 12 of the instruction on.
	in := bit(12, 12, 8) | bit(11, 20, 1) | bit(1, 21, 10) | bit(20, 31, 1)
	b[1] = b[1]&0x0f | byte(in>>8)
	b[2], b[3] = byte(in>>16), byte(in>>24)
	return 4
}

// auipc decodes a pair that begins with AUIPC at b and returns how many bytes to go on.
func auipc(pc uint32, b []byte) int {
	const (
		opcode = 0x17
		x2     = 2 << 7
		upper  = 0xfffff000 // of the immediate
	)
	first, second := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if rd := first >> 7 & 31; rd != 0 && rd != 2 {
		// A pair of the input that looked encoded: its base register is rd, and it is 32 bits long.
		if second&3 != 3 || second>>15&31 != rd {
			return 6
		}
		first, second = opcode|x2|second<<12, first&upper+second>>20
	} else {
		// The base register of the second instruction, which was AUIPC's rd, is at the top. It is
		// not x0 or x2, AUIPC's rd now is x2, and the second instruction is 32 bits long.
		base := first >> 27
		if rd != 2 || first>>12&3 != 3 || base == 0 || base == 2 {
			return 4
		}
		address := binary.BigEndian.Uint32(b[4:]) - pc
		second = first>>12 | address<<20
		// The lower part of an address is signed.
		first = opcode | base<<7 | (address+0x800)&upper
	}
	binary.LittleEndian.PutUint32(b, first)
	binary.LittleEndian.PutUint32(b[4:], second)
	return 8
}
