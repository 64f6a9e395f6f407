package convert

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// A paxRecord is a record of an extended header.
type paxRecord struct{ key, value string }

// setGlobal takes the records of a global extended header (POSIX pax, "pax Header Block").
func (t *tarInput) setGlobal(b []byte) error {
	records, ok := paxRecords(b)
	if !ok {
		return errors.New("a global extended header is damaged")
	}
	for _, r := range records {
		if strings.HasPrefix(r.key, "GNU.sparse.") {
			return fmt.Errorf("a global extended header with the record %q", r.key)
		}
		kept := t.global[:0:0]
		for _, g := range t.global {
			if g.key != r.key {
				kept = append(kept, g)
			}
		}
		if t.global = kept; r.value != "" {
			t.global = append(t.global, r)
		}
	}
	return nil
}

// maxIgnored is how many bytes of a value other than a name are kept, more than a number needs.
const maxIgnored = 256

// paxRecords parses the records of an extended header. NULs may follow them, as in GNU tar.
func paxRecords(b []byte) ([]paxRecord, bool) {
	var records []paxRecord
	for len(bytes.TrimLeft(b, "\x00")) > 0 {
		length, _, ok := bytes.Cut(b, []byte(" "))
		n, err := strconv.Atoi(string(length))
		if !ok || err != nil || n <= len(length)+1 || n > len(b) || b[n-1] != '\n' {
			return nil, false
		}
		key, value, ok := strings.Cut(string(b[len(length)+1:n-1]), "=")
		if !ok || key == "" {
			return nil, false
		}
		records = append(records, paxRecord{key, value})
		b = b[n:]
	}
	return records, true
}

// withGlobal returns the records b of an entry behind the global ones, so that those of the entry
// count. Names end at a NUL, as in GNU tar, which archive/tar refuses. Invalid records are returned
// as they are, for archive/tar to refuse.
func withGlobal(global []paxRecord, b []byte) []byte {
	records, ok := paxRecords(b)
	if !ok {
		return b
	}
	var out []byte
	for _, r := range append(global[:len(global):len(global)], records...) {
		switch r.key {
		case "path", "linkpath", "uname", "gname":
			r.value, _, _ = strings.Cut(r.value, "\x00")
		default:
			// These values are not used, and archive/tar has a limit of 1 MiB.
			if !strings.HasPrefix(r.key, "GNU.sparse.") {
				r.value = r.value[:min(len(r.value), maxIgnored)]
			}
		}
		rest := " " + r.key + "=" + r.value + "\n"
		n := len(rest) + 1
		for n != len(rest)+len(strconv.Itoa(n)) {
			n = len(rest) + len(strconv.Itoa(n))
		}
		out = append(out, strconv.Itoa(n)+rest...)
	}
	return out
}

// paxHeader returns the header block of an extended header of the given size.
func paxHeader(size int) []byte {
	b := make([]byte, format.BlockSize)
	copy(b, "PaxHeader")
	copy(b[100:], fmt.Sprintf("%07o\x00%07o\x00%07o\x00%011o\x00%011o\x00", 0o644, 0, 0, size, 0))
	b[156] = tar.TypeXHeader
	copy(b[257:], "ustar\x0000")
	unsigned, _ := tarSums(b)
	copy(b[148:], fmt.Sprintf("%06o\x00 ", unsigned))
	return b
}

// writePadded writes b and zeros up to a full block.
func writePadded(w *bytes.Buffer, b []byte) {
	w.Write(b)
	w.Write(make([]byte, roundUp(int64(len(b)))-int64(len(b))))
}
