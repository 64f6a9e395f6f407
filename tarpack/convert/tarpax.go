package convert

import (
	"archive/tar"
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// A paxRecord is a record of an extended header.
type paxRecord struct{ key, value string }

// setGlobal takes the records of a global extended header (POSIX pax, "pax Header Block").
func (t *tarInput) setGlobal(b []byte) error {
	records, lost := paxRecords(b)
	if len(lost) > 0 {
		t.lostGlobal = append(t.lostGlobal, fmt.Errorf("%w at offset %d, a global one: %s",
			ErrHeaderDamaged, t.r.n-format.BlockSize-roundUp(int64(len(b))), joinLost(lost)))
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

// paxRecords parses the records of an extended header as GNU tar does: a record that is malformed
// ends them, and one with an invalid value is left out. lost describes both. NULs may follow the
// records.
func paxRecords(b []byte) (records []paxRecord, lost []string) {
	for {
		r, n, reason := nextPaxRecord(b)
		if reason != "" {
			return records, append(lost, "what follows a record "+reason+" is left out")
		}
		if n == 0 {
			return records, lost
		}
		b = b[n:]
		if reason = r.mend(); reason != "" {
			lost = append(lost, reason)
		} else if r.key != "" {
			records = append(records, r)
		}
	}
}

// nextPaxRecord returns the first record of b and its length, which is 0 at the end of the records.
// reason is what is wrong with a record that is malformed.
func nextPaxRecord(b []byte) (r paxRecord, n int, reason string) {
	digits := bytes.TrimLeft(b, " \t")
	if len(digits) == 0 || digits[0] == 0 {
		return r, 0, ""
	}
	rest := bytes.TrimLeft(digits, "0123456789")
	length := string(digits[:len(digits)-len(rest)])
	if length == "" {
		return r, 0, "without a length"
	}
	n, err := strconv.Atoi(length)
	if err != nil || n > len(b) {
		return r, 0, "that is longer than its header"
	}
	pair := bytes.TrimLeft(rest, " \t")
	if len(pair) == len(rest) {
		return r, 0, "without a blank behind its length"
	}
	at := len(b) - len(pair) // of the key
	equals := bytes.IndexAny(pair, "=\x00")
	if equals < 0 || pair[equals] == 0 || at+equals >= n {
		return r, 0, "without an equal sign"
	}
	if b[n-1] != '\n' {
		return r, 0, "without a newline at its end"
	}
	return paxRecord{string(pair[:equals]), string(b[at+equals+1 : n-1])}, n, ""
}

// maxIgnored is how many bytes of a value that is not used are kept. archive/tar has a limit of
// 1 MiB.
const maxIgnored = 256

// mend makes the value of a record one that archive/tar can read, as GNU tar reads it. If GNU tar
// leaves it out as invalid, mend returns a description. An empty value, which removes a record, is
// valid.
func (r *paxRecord) mend() (lost string) {
	switch r.key {
	case "path", "linkpath", "uname", "gname": // they end at a NUL
		r.value, _, _ = strings.Cut(r.value, "\x00")
		return ""
	case "atime", "ctime": // they are not used
		r.key = ""
		return ""
	}
	ok := true
	switch {
	case r.value == "":
	case r.key == "uid" || r.key == "gid":
		_, err := strconv.ParseUint(r.value, 10, 32)
		ok = err == nil
	case r.key == "size":
		_, err := strconv.ParseUint(r.value, 10, 63)
		ok = err == nil
	case r.key == "mtime": // what follows the number does not count
		r.value = paxTime.FindString(r.value)
		seconds, _, _ := strings.Cut(r.value, ".")
		_, err := strconv.ParseInt(seconds, 10, 64)
		ok = err == nil
	case !strings.HasPrefix(r.key, "GNU.sparse."):
		r.value = r.value[:min(len(r.value), maxIgnored)]
	}
	if !ok {
		return fmt.Sprintf("the value of %s is invalid, and is left out", r.key)
	}
	return ""
}

var paxTime = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?`)

// joinLost puts the descriptions of paxRecords into one line.
func joinLost(lost []string) string { return strings.Join(lost, "; ") }

// encodePax returns the records as an extended header has them.
func encodePax(records []paxRecord) (b []byte) {
	for _, r := range records {
		rest := " " + r.key + "=" + r.value + "\n"
		n := len(rest) + 1
		for n != len(rest)+len(strconv.Itoa(n)) {
			n = len(rest) + len(strconv.Itoa(n))
		}
		b = append(b, strconv.Itoa(n)+rest...)
	}
	return b
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
