package build

import "bytes"

// sortable sets dst to a form of a path whose order by bytes is the path order: slashes become NUL
// bytes, which no path contains. The length stays.
func sortable(dst []byte, path string) {
	for i := range len(path) {
		c := path[i]
		if c == '/' {
			c = 0
		}
		dst[i] = c
	}
}

// appendReadable appends the path, or part of one, that key is the sortable form of.
func appendReadable(dst, key []byte) []byte {
	n := len(dst)
	dst = append(dst, key...)
	for b := dst[n:]; ; {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return dst
		}
		b[i] = '/'
		b = b[i+1:]
	}
}
