package dedup

import (
	"encoding/binary"
	"os"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// A copyLog is a sequence of records. The last of them are in memory, the others in a temporary
// file.
type copyLog struct {
	file *os.File // nil while all records are in memory
	size int64    // of the file
	buf  []byte
}

const (
	logBuffer = 256 << 10
	logRead   = 512 // most records are shorter
)

// append adds a record and returns its position.
func (l *copyLog) append(record []byte) (pos int64, err error) {
	if len(l.buf)+len(record) > logBuffer && len(l.buf) > 0 {
		if l.file == nil {
			if l.file, err = durable.ScratchFile(""); err != nil {
				return 0, err
			}
		}
		if _, err := l.file.WriteAt(l.buf, l.size); err != nil {
			return 0, err
		}
		l.size += int64(len(l.buf))
		l.buf = l.buf[:0]
	}
	pos = l.size + int64(len(l.buf))
	l.buf = binary.LittleEndian.AppendUint32(l.buf, uint32(len(record)))
	l.buf = append(l.buf, record...)
	return pos, nil
}

// read returns the record at a position.
func (l *copyLog) read(pos int64) ([]byte, error) {
	const frame = 4
	if pos >= l.size {
		b := l.buf[pos-l.size:]
		return b[frame:][:binary.LittleEndian.Uint32(b)], nil
	}
	b := make([]byte, min(logRead, l.size-pos))
	if _, err := l.file.ReadAt(b, pos); err != nil {
		return nil, err
	}
	n := int64(frame + binary.LittleEndian.Uint32(b))
	if have := int64(len(b)); n > have {
		b = append(b, make([]byte, n-have)...)
		if _, err := l.file.ReadAt(b[have:], pos+have); err != nil {
			return nil, err
		}
	}
	return b[frame:n], nil
}
