package sidecar

import (
	"bytes"
	"unicode/utf8"
)

// Sniff is what content looks like, judged by its first bytes: a row of the table in FORMAT.md 2.3,
// and for text whether it is UTF-8. It is for files whose name does not determine the media type.
type Sniff uint8

// The rows of the table. The rows of text, from sniffHTML on, may have the bit sniffUTF8 set.
const (
	sniffUnknown Sniff = iota
	sniffPDF
	sniffPNG
	sniffJPEG
	sniffGIF
	sniffWebP
	sniffWAVE
	sniffMP4
	sniffMatroska
	sniffOgg
	sniffMP3
	sniffGzip
	sniffZip
	sniffWasm
	sniffWOFF
	sniffWOFF2
	sniffIcon
	sniffBMP
	sniffBinary
	sniffHTML
	sniffSVG
	sniffXML
	sniffText

	sniffUTF8 Sniff = 0x80
)

// SniffLen is the number of bytes of content that [SniffContent] looks at.
const SniffLen = 512

// mediaTypes has the media type of each row, "" where none is known.
var mediaTypes = [...]string{
	sniffPDF:      "application/pdf",
	sniffPNG:      "image/png",
	sniffJPEG:     "image/jpeg",
	sniffGIF:      "image/gif",
	sniffWebP:     "image/webp",
	sniffWAVE:     "audio/wav",
	sniffMP4:      "video/mp4",
	sniffMatroska: "video/webm",
	sniffOgg:      "application/ogg",
	sniffMP3:      "audio/mpeg",
	sniffGzip:     "application/gzip",
	sniffZip:      "application/zip",
	sniffWasm:     "application/wasm",
	sniffWOFF:     "font/woff",
	sniffWOFF2:    "font/woff2",
	sniffIcon:     "image/x-icon",
	sniffBMP:      "image/bmp",
	sniffBinary:   "application/octet-stream",
	sniffHTML:     "text/html",
	sniffSVG:      "image/svg+xml",
	sniffXML:      "text/xml",
	sniffText:     "text/plain",
}

// MediaType returns the media type of the content (RFC 9110 section 8.3.1), followed by
// "; charset=utf-8" for text that is UTF-8. It returns "" if nothing is known.
func (s Sniff) MediaType() string {
	row := s &^ sniffUTF8
	if int(row) >= len(mediaTypes) || mediaTypes[row] == "" {
		return ""
	}
	if s.UTF8() {
		return mediaTypes[row] + "; charset=utf-8"
	}
	return mediaTypes[row]
}

// UTF8 reports whether the content is text whose first SniffLen bytes are UTF-8.
func (s Sniff) UTF8() bool { return s&sniffUTF8 != 0 && s&^sniffUTF8 >= sniffHTML }

// signatures are the rows that depend on fixed bytes at a fixed offset.
var signatures = [...]struct {
	sniff Sniff
	at    int
	bytes string
	start string // must be at offset 0
}{
	{sniffPDF, 0, "%PDF-", ""},
	{sniffPNG, 0, "\x89PNG\r\n\x1a\n", ""},
	{sniffJPEG, 0, "\xff\xd8\xff", ""},
	{sniffGIF, 0, "GIF87a", ""},
	{sniffGIF, 0, "GIF89a", ""},
	{sniffWebP, 8, "WEBPVP", "RIFF"},
	{sniffWAVE, 8, "WAVE", "RIFF"},
	{sniffMP4, 4, "ftyp", ""},
	{sniffMatroska, 0, "\x1a\x45\xdf\xa3", ""},
	{sniffOgg, 0, "OggS\x00", ""},
	{sniffMP3, 0, "ID3", ""},
	{sniffGzip, 0, "\x1f\x8b\x08", ""},
	{sniffZip, 0, "PK\x03\x04", ""},
	{sniffWasm, 0, "\x00asm\x01\x00\x00\x00", ""},
	{sniffWOFF, 0, "wOFF", ""},
	{sniffWOFF2, 0, "wOF2", ""},
	{sniffIcon, 0, "\x00\x00\x01\x00", ""},
}

// SniffContent returns what content looks like that starts with prefix. It uses at most [SniffLen]
// bytes, and needs that many unless the content is shorter.
func SniffContent(prefix []byte) Sniff {
	b := prefix[:min(len(prefix), SniffLen)]
	for i := range signatures {
		s := &signatures[i]
		if len(b) >= s.at && bytes.HasPrefix(b[s.at:], []byte(s.bytes)) &&
			bytes.HasPrefix(b, []byte(s.start)) {
			return s.sniff
		}
	}
	control, low := controls(b)
	switch {
	case len(b) == 0:
		return sniffUnknown
	case low && bytes.HasPrefix(b, []byte("BM")):
		return sniffBMP
	case control:
		return sniffBinary
	}
	s := textRow(b)
	if isUTF8(b, len(b) == SniffLen) {
		s |= sniffUTF8
	}
	return s
}

// controls reports whether b has a byte that does not occur in text, and one of 00 to 08.
func controls(b []byte) (control, low bool) {
	const esc = 0x1b // part of text in terminal colours and ISO 2022
	for _, c := range b {
		if c >= 0x20 || c >= '\t' && c <= '\r' && c != '\v' || c == esc {
			continue
		}
		control = true
		if c <= 0x08 {
			return true, true
		}
	}
	return control, false
}

// textRow returns the row of a text: HTML, SVG, XML or plain.
func textRow(b []byte) Sniff {
	t := bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), "\t\n\f\r ")
	switch {
	case hasPrefixFold(t, "<!doctype html"),
		startsTag(t, "<html"), startsTag(t, "<head"), startsTag(t, "<body"):
		return sniffHTML
	case hasPrefixFold(t, "<svg"):
		return sniffSVG
	case hasPrefixFold(t, "<?xml"):
		if containsFold(t, "<svg") {
			return sniffSVG
		}
		return sniffXML
	}
	return sniffText
}

// hasPrefixFold is bytes.HasPrefix, but ignores the case of ASCII letters in b. The prefix is in
// lower case.
func hasPrefixFold(b []byte, prefix string) bool {
	if len(b) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}

// startsTag reports whether b starts with a tag, followed by a space or the end of the tag.
func startsTag(b []byte, tag string) bool {
	return hasPrefixFold(b, tag) && len(b) > len(tag) && (b[len(tag)] == ' ' || b[len(tag)] == '>')
}

// containsFold is bytes.Contains, but ignores the case of ASCII letters in b. What is in lower
// case.
func containsFold(b []byte, what string) bool {
	for ; len(b) >= len(what); b = b[1:] {
		if hasPrefixFold(b, what) {
			return true
		}
	}
	return false
}

// isUTF8 is utf8.Valid. If b was cut, it accepts an incomplete character at the end.
func isUTF8(b []byte, cut bool) bool {
	if utf8.Valid(b) {
		return true
	}
	if !cut {
		return false
	}
	for n := 1; n < utf8.UTFMax; n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			return !utf8.FullRune(tail) && utf8.Valid(b[:len(b)-n])
		}
	}
	return false
}
