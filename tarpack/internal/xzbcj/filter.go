package xzbcj

import (
	"encoding/binary"
	"fmt"
	"io"
)

// A filter reverses what an encoder has done to machine code. b is at the address pc. It returns
// how many bytes of b are final; the others need bytes that follow.
type filter func(pc uint32, b []byte) int

// A filterReader applies a filter to what it reads.
type filterReader struct {
	r      io.Reader
	filter filter
	pc     uint32 // address of buf[ready]
	buf    []byte // room for filterSize bytes
	taken  int    // bytes of buf that were read
	ready  int    // bytes of buf that are final
	err    error
}

const filterSize = 64 << 10

// newFilter returns a reader that reverses the filter f on what r has.
func newFilter(r io.Reader, f filterFlags) (*filterReader, error) {
	z := &filterReader{r: r, buf: make([]byte, 0, filterSize)}
	align := uint32(4)
	switch f.id {
	case idARM64:
		z.filter = arm64
	case idRISCV:
		z.filter, align = riscv, 2
	default:
		return nil, fmt.Errorf("%w: filter %#x beside ARM64 or RISC-V", ErrFilter, f.id)
	}
	switch len(f.properties) {
	case 0:
	case 4:
		z.pc = binary.LittleEndian.Uint32(f.properties)
	default:
		return nil, ErrFilter
	}
	if z.pc%align != 0 {
		return nil, ErrFilter
	}
	return z, nil
}

func (z *filterReader) Read(b []byte) (int, error) {
	for z.taken == z.ready {
		if z.err != nil {
			return 0, z.err
		}
		z.fill()
	}
	n := copy(b, z.buf[z.taken:z.ready])
	z.taken += n
	return n, nil
}

// fill reads more and filters it. At the end all is final as it is.
func (z *filterReader) fill() {
	z.buf = z.buf[:copy(z.buf, z.buf[z.ready:])]
	z.taken, z.ready = 0, 0
	have := len(z.buf)
	n, err := io.ReadFull(z.r, z.buf[have:filterSize])
	z.buf = z.buf[:have+n]
	if err == io.ErrUnexpectedEOF && n > 0 {
		err = nil // the end, or an error that comes again
	}
	z.ready = z.filter(z.pc, z.buf)
	z.pc += uint32(z.ready)
	if z.err = err; err == io.EOF {
		z.ready = len(z.buf)
	}
}
