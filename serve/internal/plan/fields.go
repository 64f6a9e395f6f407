package plan

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Immutable is the Cache-Control of files that never change.
const Immutable = "public, max-age=31536000, immutable"

// A preflight allows every request field, since an answer depends on none but those of conditions
// and ranges. "*" stands for all but Authorization (Fetch, "CORS-preflight fetch"). Old browsers
// do not know it.
const (
	corsExpose = "Access-Control-Expose-Headers: Accept-Ranges, Content-Encoding, " +
		"Content-Length, Content-Range, ETag, Repr-Digest\r\n"
	corsPreflight = "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n" +
		"Access-Control-Allow-Headers: Accept, Accept-Encoding, Accept-Language, Authorization, " +
		"Cache-Control, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Range, " +
		"If-Unmodified-Since, Pragma, Range, X-Requested-With, *\r\n" +
		"Access-Control-Max-Age: 86400\r\n"
)

// AppendFields appends the response's header fields, each "Name: value\r\n". It leaves out the
// fields of the connection and the server: Connection, Date and Server.
func (p *Plan) AppendFields(dst []byte) []byte {
	if p.Type != "" {
		dst = field(dst, "Content-Type: ", p.Type)
	}
	if p.Length >= 0 {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, p.Length, 10)
		dst = append(dst, "\r\n"...)
	}
	if p.Encoding != Identity {
		dst = field(dst, "Content-Encoding: ", encodingNames[p.Encoding])
	}
	if p.modTime > 0 {
		dst = append(dst, "Last-Modified: "...)
		dst = AppendTime(dst, p.modTime)
		dst = append(dst, "\r\n"...)
	}
	if p.tagged {
		dst = append(dst, "ETag: "...)
		dst = p.appendTag(dst)
		dst = append(dst, "\r\n"...)
	}
	if p.digest != [32]byte{} {
		dst = appendReprDigest(dst, &p.digest)
	}
	if p.rangeSize >= 0 {
		dst = p.appendContentRange(dst)
	}
	if p.ranges {
		dst = append(dst, "Accept-Ranges: bytes\r\n"...)
	}
	if p.varyDictionary {
		dst = append(dst, "Vary: Accept-Encoding, Available-Dictionary\r\n"...)
	} else if p.vary {
		dst = append(dst, "Vary: Accept-Encoding\r\n"...)
	}
	if p.private {
		dst = appendPrivate(dst, p.CacheControl)
	} else if p.CacheControl != "" {
		dst = field(dst, "Cache-Control: ", p.CacheControl)
	}
	return p.appendRare(dst)
}

// appendRare appends the fields that few responses have.
func (p *Plan) appendRare(dst []byte) []byte {
	if len(p.location) > 0 {
		dst = append(dst, "Location: "...)
		dst = append(dst, p.location...)
		dst = append(dst, "\r\n"...)
	}
	if p.announced != nil {
		dst = p.appendLink(dst)
	}
	if p.allow {
		dst = append(dst, "Allow: GET, HEAD, OPTIONS\r\n"...)
	}
	if p.filename != "" {
		dst = appendDisposition(dst, p.filename)
	}
	if p.RetryAfter > 0 {
		dst = append(dst, "Retry-After: "...)
		dst = strconv.AppendInt(dst, int64(p.RetryAfter), 10)
		dst = append(dst, "\r\n"...)
	}
	if p.origin != "" {
		dst = field(dst, "Access-Control-Allow-Origin: ", p.origin)
		dst = append(dst, corsExpose...)
		if p.preflight {
			dst = append(dst, corsPreflight...)
		}
	}
	if p.fields != "" {
		dst = p.appendUnconfigured(dst)
	}
	dst = append(dst, p.site...)
	if p.sandboxed {
		dst = append(dst, sandbox...)
	}
	return append(dst, p.fixed...)
}

// appendUnconfigured appends the fields of this answer, without those that the operator has
// configured. A field of which several are combined stays.
func (p *Plan) appendUnconfigured(dst []byte) []byte {
	for line := range strings.Lines(p.fields) {
		name, _, _ := strings.Cut(line, ":")
		combined := name == "Vary" || name == "Content-Security-Policy"
		if combined || !hasField(p.fixed, name) {
			dst = append(dst, line...)
		}
	}
	return dst
}

// hasField reports whether rendered header fields have one of a name, in any mix of cases.
func hasField(fields, name string) bool {
	for line := range strings.Lines(fields) {
		if n, _, _ := strings.Cut(line, ":"); strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func field(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// maxTag is the length of the longest entity-tag: quotes, 16 digits, "-dcz-" and 16 digits.
const maxTag = 1 + 16 + len(dictionaryTag) + 16 + 1

// appendTag appends the entity-tag of the representation that is sent. It is strong: other content
// has another hash, and each encoding of a content has a tag of its own (RFC 9110 §8.8.3.3). Two
// gzip members of the same content share a tag, and so do two variants in one encoding. That
// matters for ranges only, and these are always ranges of identity.
func (p *Plan) appendTag(dst []byte) []byte {
	dst = append(dst, '"')
	dst = appendHex(dst, p.tag)
	dst = append(dst, p.tagSuffix...)
	if p.tagSuffix == dictionaryTag {
		dst = appendHex(dst, p.dictionary)
	}
	return append(dst, '"')
}

// appendHex appends the 16 hexadecimal digits of a number.
func appendHex(dst []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&15])
	}
	return dst
}

// appendReprDigest appends a Repr-Digest (RFC 9530 §3): the digest of the whole representation,
// also in the answer to HEAD or with a range. The value is a dictionary of byte sequences (RFC
// 8941).
func appendReprDigest(dst []byte, sum *[32]byte) []byte {
	dst = append(dst, "Repr-Digest: sha-256=:"...)
	dst = base64.StdEncoding.AppendEncode(dst, sum[:])
	return append(dst, ":\r\n"...)
}

// appendContentRange appends a Content-Range (RFC 9110 §14.4).
func (p *Plan) appendContentRange(dst []byte) []byte {
	dst = append(dst, "Content-Range: bytes "...)
	if p.Status == 416 {
		dst = append(dst, '*')
	} else {
		dst = strconv.AppendInt(dst, p.rangeFirst, 10)
		dst = append(dst, '-')
		dst = strconv.AppendInt(dst, p.rangeFirst+p.Length-1, 10)
	}
	dst = append(dst, '/')
	dst = strconv.AppendInt(dst, p.rangeSize, 10)
	return append(dst, "\r\n"...)
}

// appendDisposition appends the name to save a download under (RFC 6266), a SaveName: in plain
// ASCII, and as it is if that differs.
func appendDisposition(dst []byte, name string) []byte {
	dst = append(dst, `Content-Disposition: attachment; filename="`...)
	name = SaveName(name)
	plain := true
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '%' {
			c, plain = '_', false
		}
		dst = append(dst, c)
	}
	dst = append(dst, '"')
	if !plain {
		dst = append(dst, "; filename*=UTF-8''"...)
		dst = appendEscaped(dst, name, attrChar)
	}
	return append(dst, "\r\n"...)
}
