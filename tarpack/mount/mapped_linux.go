package mount

import (
	"bytes"
	"os"
	"strconv"
	"sync"
)

// statm has the sizes of the memory of this process, in pages: see proc(5).
var statm = sync.OnceValue(func() *os.File {
	f, err := os.Open("/proc/self/statm")
	if err != nil {
		return nil
	}
	return f
})

// mapped returns how many bytes of files are in the memory of the process, or 0 if that is not
// known.
func mapped() int64 {
	f := statm()
	if f == nil {
		return 0
	}
	var b [128]byte
	n, _ := f.ReadAt(b[:], 0) // it is shorter, which is io.EOF
	fields := bytes.Fields(b[:n])
	if len(fields) < 3 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[2]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
