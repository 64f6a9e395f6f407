package plan

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// MaxRanges is the most ranges that a request gets. One with more gets the whole content (RFC 9110
// §14.2). Honest clients ask for fewer, and each range costs a search for its place
// (CVE-2011-3192).
const MaxRanges = 32

// rangeSet is the kind of answer that a Range field asks for.
type rangeSet uint8

const (
	noRange       rangeSet = iota // the whole content
	unsatisfiable                 // 416
	someRanges
)

// parseRanges reads a Range (RFC 9110 §14.1.2) for content of size bytes. It appends the
// satisfiable ranges to parts, in their order. A field that is not understood counts as none.
func parseRanges(value string, size int64, parts []Part) (rangeSet, []Part) {
	unit, set, ok := strings.Cut(value, "=")
	if !ok || !ascii.EqualFold(ascii.Trim(unit), "bytes") {
		return noRange, parts
	}
	seen, total := 0, int64(0)
	for more := true; more; {
		var spec string
		spec, set, more = strings.Cut(set, ",")
		if spec = ascii.Trim(spec); spec == "" {
			continue
		}
		if seen++; seen > MaxRanges {
			return noRange, parts
		}
		first, length, ok := parseRange(spec, size)
		if !ok {
			return noRange, parts
		}
		if length > 0 {
			parts = append(parts, Part{Offset: first, Length: length})
			total += length
		}
	}
	switch {
	case seen == 0, size == 0:
		return noRange, parts // some clients send a Range with every request, also for empty files
	case len(parts) == 0:
		return unsatisfiable, parts
	case total > size && len(parts) > 1:
		return noRange, parts // they overlap, and the whole content is shorter
	}
	return someRanges, parts
}

// parseRange reads one range-spec. length is 0 if the range is outside the content, and ok is false
// if it is malformed.
func parseRange(spec string, size int64) (first, length int64, ok bool) {
	from, to, ok := strings.Cut(spec, "-")
	if !ok {
		return 0, 0, false
	}
	from, to = ascii.Trim(from), ascii.Trim(to)
	if from == "" {
		n, ok := number(to)
		n = min(n, size)
		return size - n, n, ok
	}
	first, ok = number(from)
	if !ok {
		return 0, 0, false
	}
	last := size - 1
	if to != "" {
		n, ok := number(to)
		if !ok || n < first {
			return 0, 0, false
		}
		last = min(n, last)
	}
	return first, max(last-first+1, 0), true
}

// number reads decimal digits. One that is too large becomes the largest int64.
func number(s string) (int64, bool) {
	const limit = 1<<63 - 1
	if s == "" {
		return 0, false
	}
	n := int64(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (limit-9)/10 {
			n = limit
			continue
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// multipart makes p a multipart/byteranges response of p.parts (RFC 9110 §14.6, §15.3.7.2). The
// author of the content can't guess the boundary. The same request always gets the same one.
//
// The first delimiter has a CRLF before it, too, as in nginx: an empty preamble (RFC 2046 §5.1.1).
// zsync and zchunk look for the CRLF, and zsync asks again for ever if there is none.
func (pl *Planner) multipart(p *Plan, r *Request, n Node) {
	h := xxhash.New()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], pl.seed)
	binary.LittleEndian.PutUint64(b[8:], n.Hash)
	_, _ = h.Write(b[:])
	_, _ = h.WriteString(r.Range)
	first := h.Sum64()
	_, _ = h.Write(b[:8])
	id := binary.BigEndian.AppendUint64(nil, first)
	boundary := hex.EncodeToString(binary.BigEndian.AppendUint64(id, h.Sum64()))

	size := strconv.FormatInt(n.Size, 10)
	total := int64(0)
	for i := range p.parts {
		part := &p.parts[i]
		part.Head = "\r\n--" + boundary + "\r\nContent-Type: " + p.Type +
			"\r\nContent-Range: bytes " + strconv.FormatInt(part.Offset, 10) + "-" +
			strconv.FormatInt(part.Offset+part.Length-1, 10) + "/" + size + "\r\n\r\n"
		total += int64(len(part.Head)) + part.Length
	}
	tail := "\r\n--" + boundary + "--\r\n"
	p.Status = 206
	p.Type = "multipart/byteranges; boundary=" + boundary
	p.Length = total + int64(len(tail))
	p.Body = Body{Kind: PartsBody, Node: n, Parts: p.parts, Tail: tail}
}
