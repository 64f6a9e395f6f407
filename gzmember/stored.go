package gzmember

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/tarpack/tpk/gzmember/coding"
)

// StoredOffset returns the offset in a stored C of byte i of the content:
// 10 + 5 × (⌊i / 65,535⌋ + 1) + i.
func StoredOffset(i int64) int64 {
	return HeaderSize + coding.StoredHead*(i/coding.StoredBlock+1) + i
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

// AppendStored appends a stored C with the given content, at least 1 byte.
func AppendStored(dst, content []byte) []byte {
	return appendStored(dst, content, crc32.ChecksumIEEE(content))
}

func appendStored(dst, content []byte, crc uint32) []byte {
	size := int64(len(content))
	dst = AppendMemberHeader(dst, nil)
	for len(content) > 0 {
		n := min(len(content), coding.StoredBlock)
		dst = appendStoredHead(dst, n, n == len(content))
		dst = append(dst, content[:n]...)
		content = content[n:]
	}
	return AppendMemberTrailer(dst, crc, size)
}

// IsStored reports whether member, the C of a file of size bytes, is stored: whether its deflate
// stream has the layout of FORMAT.md §1.3. Inflate must have found the member to be right. IsStored
// looks only at its length and at the headers of the blocks.
func IsStored(member []byte, size int64) bool {
	if size < 1 || size > int64(len(member)) || int64(len(member)) != coding.StoredLength(size) {
		return false
	}
	for i := int64(0); i < size; i += coding.StoredBlock {
		n := min(coding.StoredBlock, size-i)
		if checkStoredHead(member[StoredOffset(i)-coding.StoredHead:], int(n), i+n == size) != nil {
			return false
		}
	}
	return true
}

// checkStoredHead checks the header of a stored block of size bytes (RFC 1951 §3.2.4). The five
// bits after BTYPE are ignored.
func checkStoredHead(b []byte, size int, final bool) error {
	n := int(binary.LittleEndian.Uint16(b[1:]))
	if b[0]&0b110 != 0 || b[0]&1 != 0 != final || n != size ||
		binary.LittleEndian.Uint16(b[3:]) != ^uint16(n) {
		return fmt.Errorf("%w: header % x of a stored block of %d bytes",
			ErrCorrupt, b[:coding.StoredHead], size)
	}
	return nil
}

// StoredWriter writes a stored C whose content is not in memory.
type StoredWriter struct {
	w     io.Writer
	size  int64
	done  int64 // bytes of content written
	crc   uint32
	frame [HeaderSize + coding.StoredHead]byte // the bytes before a block, or the trailer
	err   error                                // sticky
}

// NewStoredWriter returns a writer to w of the stored C of a file of exactly size bytes, 1 to
// coding.MaxSize.
func NewStoredWriter(w io.Writer, size int64) *StoredWriter {
	s := &StoredWriter{w: w, size: size}
	if size < 1 || size > coding.MaxSize {
		s.err = fmt.Errorf("gzmember: stored content of %d bytes", size)
	}
	return s
}

// Write writes the next bytes of the content. If that would make more than size bytes, it writes
// nothing and returns an error. After an error all calls return the same.
func (s *StoredWriter) Write(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	if int64(len(p)) > s.size-s.done {
		s.err = fmt.Errorf("gzmember: stored content is longer than the %d bytes announced", s.size)
		return 0, s.err
	}
	for len(p) > 0 {
		in := s.done % coding.StoredBlock // bytes of the block that are written
		if in == 0 {
			if s.err = s.writeHead(); s.err != nil {
				return n, s.err
			}
		}
		m, err := s.w.Write(p[:min(int64(len(p)), coding.StoredBlock-in)])
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

// writeHead writes the header of the block that begins at done, and before it that of the member.
func (s *StoredWriter) writeHead() error {
	b := s.frame[:0]
	if s.done == 0 {
		b = append(b, plainHeader[:]...)
	}
	left := s.size - s.done
	b = appendStoredHead(b, int(min(left, coding.StoredBlock)), left <= coding.StoredBlock)
	_, err := s.w.Write(b)
	return err
}

// Close writes the trailer. If fewer bytes than announced were written, it writes nothing and
// returns an error. It does not close the underlying writer.
func (s *StoredWriter) Close() error {
	if s.err != nil {
		return s.err
	}
	if s.done != s.size {
		s.err = fmt.Errorf("gzmember: stored content has %d bytes of the %d announced",
			s.done, s.size)
		return s.err
	}
	_, s.err = s.w.Write(AppendMemberTrailer(s.frame[:0], s.crc, s.size))
	if s.err != nil {
		return s.err
	}
	s.err = fs.ErrClosed
	return nil
}
