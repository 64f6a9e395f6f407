package osfile

import (
	"os"
)

// mapAlign is a multiple of what the offset of a mapping must be a multiple of: a page, which has
// up to 64 KiB.
const mapAlign = 64 << 10

// MapPart is [Map] for a part that begins at any offset. unmap removes the mapping.
func MapPart(f *os.File, length int, offset int64) (part []byte, unmap func() error, err error) {
	before := int(offset % mapAlign)
	m, err := Map(f, before+length, offset-int64(before))
	if err != nil {
		return nil, nil, err
	}
	return m[before : before+length : before+length], m.Unmap, nil
}
