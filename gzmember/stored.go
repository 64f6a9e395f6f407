package gzmember

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
)

// StoredBlock is the number of content bytes in a block of a stored C, the last one excepted:
// the most that LEN, a u16, can say (RFC 1951 §3.2.4).
const StoredBlock = 65535

// storedHead is the size of a stored block's header: BFINAL, BTYPE and padding in one byte, LEN, NLEN.
const storedHead = 1 + 2 + 2

// MaxSize is the greatest size in bytes of a file, and of an archive (FORMAT.md §4).
const MaxSize = 1<<48 - 1

// StoredLength returns the length in bytes of the stored C of a file of size bytes, 1 to MaxSize:
// size + 5 × ⌈size / 65,535⌉ + 18.
func StoredLength(size int64) int64 {
	blocks := (size + StoredBlock - 1) / StoredBlock
	return size + storedHead*blocks + HeaderSize + TrailerSize
}

// StoredOffset returns where in a stored C the content's byte i lies: 10 + 5 × (⌊i / 65,535⌋ + 1) + i.
func StoredOffset(i int64) int64 {
	return HeaderSize + storedHead*(i/StoredBlock+1) + i
}

// appendStoredHead appends the header of a stored block of n bytes.
func appendStoredHead(dst []byte, n int, final bool) []byte {
	var b byte
	if final {
		b = 1
	}
	dst = append(dst, b)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(n))
	return binary.LittleEndian.AppendUint16(dst, ^uint16(n))
}

// AppendStored appends a stored C. Content must not be empty.
func AppendStored(dst, content []byte) []byte {
	return appendStored(dst, content, crc32.ChecksumIEEE(content))
}

func appendStored(dst, content []byte, crc uint32) []byte {
	size := int64(len(content))
	dst = AppendMemberHeader(dst, nil)
	for len(content) > 0 {
		n := min(len(content), StoredBlock)
		dst = appendStoredHead(dst, n, n == len(content))
		dst = append(dst, content[:n]...)
		content = content[n:]
	}
	return AppendMemberTrailer(dst, crc, size)
}

// IsStored says whether member, a whole C that Inflate finds right, of a file of size bytes, is stored:
// whether its deflate stream has the layout of FORMAT.md §1.3. It looks at its length and at the
// headers of the blocks alone.
func IsStored(member []byte, size int64) bool {
	if size < 1 || size > int64(len(member)) || int64(len(member)) != StoredLength(size) {
		return false
	}
	for i := int64(0); i < size; i += StoredBlock {
		n := min(StoredBlock, size-i)
		if checkStoredHead(member[StoredOffset(i)-storedHead:], int(n), i+n == size) != nil {
			return false
		}
	}
	return true
}

// checkStoredHead checks the header of a stored block of size bytes (RFC 1951 §3.2.4).
// The five bits after BTYPE mean nothing.
func checkStoredHead(b []byte, size int, final bool) error {
	n := int(binary.LittleEndian.Uint16(b[1:]))
	if b[0]&0b110 != 0 || b[0]&1 != 0 != final || n != size || binary.LittleEndian.Uint16(b[3:]) != ^uint16(n) {
		return fmt.Errorf("%w: header % x of a stored block of %d bytes", ErrCorrupt, b[:storedHead], size)
	}
	return nil
}

// StoredWriter writes a stored C whose content is not in memory.
type StoredWriter struct {
	w     io.Writer
	size  int64
	done  int64 // bytes of content written
	crc   uint32
	frame [HeaderSize + storedHead]byte // what goes before a block, or the trailer
	err   error                         // sticky
}

// NewStoredWriter returns a writer of the stored C of a file of exactly size bytes, 1 to MaxSize, to w.
func NewStoredWriter(w io.Writer, size int64) *StoredWriter {
	s := &StoredWriter{w: w, size: size}
	if size < 1 || size > MaxSize {
		s.err = fmt.Errorf("gzmember: stored content of %d bytes", size)
	}
	return s
}

// Write writes the next bytes of the content. It is an error, and nothing is written, if they would
// be more than size altogether. After an error all calls give the same.
func (s *StoredWriter) Write(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	if int64(len(p)) > s.size-s.done {
		s.err = fmt.Errorf("gzmember: stored content is longer than the %d bytes announced", s.size)
		return 0, s.err
	}
	for len(p) > 0 {
		in := s.done % StoredBlock // bytes of the block that are written
		if in == 0 {
			if s.err = s.writeHead(); s.err != nil {
				return n, s.err
			}
		}
		m, err := s.w.Write(p[:min(int64(len(p)), StoredBlock-in)])
		s.crc = crc32.Update(s.crc, crc32.IEEETable, p[:m])
		s.done += int64(m)
		n += m
		if err == nil && m == 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			s.err = err
			return n, err
		}
		p = p[m:]
	}
	return n, nil
}

// writeHead writes what comes before the block that begins at done.
func (s *StoredWriter) writeHead() error {
	b := s.frame[:0]
	if s.done == 0 {
		b = append(b, plainHeader[:]...)
	}
	left := s.size - s.done
	b = appendStoredHead(b, int(min(left, StoredBlock)), left <= StoredBlock)
	_, err := s.w.Write(b)
	return err
}

// Close writes the trailer. If fewer bytes than announced were written, it writes nothing and returns
// an error. It does not close the underlying writer.
func (s *StoredWriter) Close() error {
	if s.err != nil {
		return s.err
	}
	if s.done != s.size {
		s.err = fmt.Errorf("gzmember: stored content has %d bytes of the %d announced", s.done, s.size)
		return s.err
	}
	_, s.err = s.w.Write(AppendMemberTrailer(s.frame[:0], s.crc, s.size))
	if s.err != nil {
		return s.err
	}
	s.err = fs.ErrClosed
	return nil
}

// CRC returns the CRC-32 of the content written so far.
func (s *StoredWriter) CRC() uint32 { return s.crc }
