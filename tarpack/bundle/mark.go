package bundle

import (
	"bytes"
	"slices"
)

// mark is looked for in the file of a program. Its last byte is the state: '0', and '1' in a
// bundle. It is a variable, so that the program reads what is in its file.
var mark = [...]byte{'t', 'p', 'k', ' ', 'b', 'u', 'n', 'd', 'l', 'e', ' ', 'm', 'a', 'r', 'k',
	0x9d, 0x1f, 0xc3, 0x5a, 0x77, 0xe8, 0x04, 0xb2, 0x6c, 0xd1, 0x3e, 0xf9, 0x80, 0x4b, 0xa6, '=',
	' ', '0'}

// stateAt is the offset of the state in mark.
const stateAt = len(mark) - 1

// Marked reports whether an archive was put behind the program that runs. It is true even if
// another program has removed it since.
func Marked() bool { return mark[stateAt] == '1' }

// findMark returns the offset of the state in the file of a program. It is -1 if there is none, or
// if there are several.
func findMark(program []byte) int {
	// A second copy of the mark in this program would be found as well.
	head := slices.Clone(mark[:stateAt])
	i := bytes.Index(program, head)
	if i < 0 || i+stateAt >= len(program) ||
		bytes.Contains(program[i+stateAt:], head) {
		return -1
	}
	return i + stateAt
}
