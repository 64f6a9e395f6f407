package bundle

import (
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// A program for macOS ends with its segment __LINKEDIT, whose last table is that of strings. A
// signature follows that, in the segment. codesign signs a file only if that is so. So what is
// bundled becomes a part of the strings:
//
//	before  │ … │ __LINKEDIT: …, strings │ signature │
//	after   │ … │ __LINKEDIT: …, strings, zeros, archive, …, footer │ signature │

// Commands of the header, and places in them (mach-o/loader.h).
const (
	commandSegment64     = 0x19
	commandSymtab        = 0x02
	commandCodeSignature = 0x1d
	atSegmentName        = 8
	atSegmentMemSize     = 32
	atSegmentOffset      = 40
	atSegmentFileSize    = 48
	atStringsOffset      = 16
	atStringsSize        = 20
	atSignatureOffset    = 8
	atSignatureSize      = 12
	machoHeader          = 32
	maxMachOCommands     = 1 << 20
	machoPage            = 16 << 10 // of memory
	signatureAlign       = 16
)

var errMachO = errors.New("this program for macOS has an unknown structure")

// command is a command of the header of a program for macOS. It is a part of it.
type command []byte

func (c command) u32(at int) uint32       { return binary.LittleEndian.Uint32(c[at:]) }
func (c command) u64(at int) uint64       { return binary.LittleEndian.Uint64(c[at:]) }
func (c command) set32(at int, n uint32)  { binary.LittleEndian.PutUint32(c[at:], n) }
func (c command) set64(at int, n uint64)  { binary.LittleEndian.PutUint64(c[at:], n) }
func (c command) offset() uint32          { return c.u32(atSignatureOffset) }
func (c command) length() uint32          { return c.u32(atSignatureSize) }
func (c command) segment() (name string)  { return string(c[atSegmentName : atSegmentName+16]) }
func (c command) isSegment(n string) bool { return strings.TrimRight(c.segment(), "\x00") == n }

// machoFile is the header of a program for macOS.
type machoFile struct {
	text, linkEdit, strings, signature command // signature is nil if there is none
}

// readMachO reads the header of a program for one processor of 64 bits.
func readMachO(r io.ReaderAt) (*machoFile, error) {
	var head [machoHeader]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	count, size := binary.LittleEndian.Uint32(head[16:]), binary.LittleEndian.Uint32(head[20:])
	if binary.LittleEndian.Uint32(head[:]) != macho.Magic64 || size > maxMachOCommands {
		return nil, errMachO
	}
	b := make([]byte, size)
	if _, err := r.ReadAt(b, machoHeader); err != nil {
		return nil, err
	}
	return parseCommands(b, count)
}

// parseCommands finds the commands that matter in b, which the result refers to.
func parseCommands(b []byte, count uint32) (*machoFile, error) {
	m := new(machoFile)
	for range count {
		if len(b) < 8 {
			return nil, errMachO
		}
		n := int64(binary.LittleEndian.Uint32(b[4:]))
		if n < 8 || n > int64(len(b)) {
			return nil, errMachO
		}
		c := command(b[:n:n])
		switch id := c.u32(0); {
		case id == commandSegment64 && n >= 72 && c.isSegment("__TEXT"):
			m.text = c
		case id == commandSegment64 && n >= 72 && c.isSegment("__LINKEDIT"):
			m.linkEdit = c
		case id == commandSymtab && n >= 24:
			m.strings = c
		case id == commandCodeSignature && n >= 16:
			m.signature = c
		}
		b = b[n:]
	}
	if m.text == nil || m.linkEdit == nil || m.strings == nil {
		return nil, errMachO
	}
	return m, nil
}

// openMachO returns the header of a program in memory, and the program without its signature.
// Changes of the header are changes of the program.
func openMachO(program []byte) (*machoFile, []byte, error) {
	if len(program) < machoHeader {
		return nil, nil, errMachO
	}
	size := binary.LittleEndian.Uint32(program[20:])
	if uint64(size) > uint64(len(program)-machoHeader) {
		return nil, nil, errMachO
	}
	m, err := parseCommands(program[machoHeader:machoHeader+int(size)],
		binary.LittleEndian.Uint32(program[16:]))
	if err != nil {
		return nil, nil, err
	}
	end := uint64(len(program))
	if m.linkEdit.u64(atSegmentOffset)+m.linkEdit.u64(atSegmentFileSize) != end {
		return nil, nil, fmt.Errorf("%w: bytes follow its last segment", errMachO)
	}
	if m.signature != nil {
		if uint64(m.signature.offset())+uint64(m.signature.length()) != end {
			return nil, nil, fmt.Errorf("%w: its signature is not its end", errMachO)
		}
		end = uint64(m.signature.offset())
	}
	tail := uint64(m.strings.u32(atStringsOffset)) + uint64(m.strings.u32(atStringsSize))
	if tail > end || end-tail >= signatureAlign {
		return nil, nil, fmt.Errorf("%w: its strings are not its end", errMachO)
	}
	return m, program[:end], nil
}

// extend makes the strings, and the last segment, reach to the offset end of the file, and
// the signature follow. It returns the length of the signature, 0 if there is none.
func (m *machoFile) extend(end int64) (signature int64, err error) {
	if m.signature != nil {
		signature = adHocSize(end)
	}
	if end+signature > math.MaxUint32 {
		return 0, fmt.Errorf("a program for macOS can't have %d bytes: 4 GiB is the most",
			end+signature)
	}
	size := uint64(end+signature) - m.linkEdit.u64(atSegmentOffset)
	m.strings.set32(atStringsSize, uint32(end)-m.strings.u32(atStringsOffset))
	m.linkEdit.set64(atSegmentFileSize, size)
	m.linkEdit.set64(atSegmentMemSize, (size+machoPage-1)/machoPage*machoPage)
	if m.signature != nil {
		m.signature.set32(atSignatureOffset, uint32(end))
		m.signature.set32(atSignatureSize, uint32(signature))
	}
	return signature, nil
}
