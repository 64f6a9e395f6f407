package sidecar

import (
	"bytes"
	"unicode/utf8"
)

// Sniff says what content looks like, judged by its first bytes (FORMAT.md 2.3): a row of the table there, and whether
// it is UTF-8. It serves files whose name does not tell what they are.
type Sniff uint8

// The rows of the table. The text rows, from SniffHTML on, may have the bit sniffUTF8 set.
const (
	SniffUnknown Sniff = iota
	SniffPDF
	SniffPNG
	SniffJPEG
	SniffGIF
	SniffWebP
	SniffWAVE
	SniffMP4
	SniffMatroska
	SniffOgg
	SniffMP3
	SniffGzip
	SniffZip
	SniffWasm
	SniffWOFF
	SniffWOFF2
	SniffIcon
	SniffBMP
	SniffBinary
	SniffHTML
	SniffSVG
	SniffXML
	SniffText

	sniffUTF8 Sniff = 0x80

	// SniffLen is how many bytes of the content are looked at.
	SniffLen = 512
)

// mediaTypes by row; "" where none is known.
var mediaTypes = [...]string{
	SniffPDF:      "application/pdf",
	SniffPNG:      "image/png",
	SniffJPEG:     "image/jpeg",
	SniffGIF:      "image/gif",
	SniffWebP:     "image/webp",
	SniffWAVE:     "audio/wav",
	SniffMP4:      "video/mp4",
	SniffMatroska: "video/webm",
	SniffOgg:      "application/ogg",
	SniffMP3:      "audio/mpeg",
	SniffGzip:     "application/gzip",
	SniffZip:      "application/zip",
	SniffWasm:     "application/wasm",
	SniffWOFF:     "font/woff",
	SniffWOFF2:    "font/woff2",
	SniffIcon:     "image/x-icon",
	SniffBMP:      "image/bmp",
	SniffBinary:   "application/octet-stream",
	SniffHTML:     "text/html",
	SniffSVG:      "image/svg+xml",
	SniffXML:      "text/xml",
	SniffText:     "text/plain",
}

// MediaType is the media type (RFC 9110 section 8.3.1) of content that looks so, with "; charset=utf-8" where it is text
// that is UTF-8; "" if nothing is known.
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

// UTF8 is true of text that is UTF-8, as far as it was looked at.
func (s Sniff) UTF8() bool { return s&sniffUTF8 != 0 && s&^sniffUTF8 >= SniffHTML }

// signatures are the rows that are decided by fixed bytes at a fixed place.
var signatures = [...]struct {
	sniff Sniff
	at    int
	bytes string
	start string // must stand at 0, too
}{
	{SniffPDF, 0, "%PDF-", ""},
	{SniffPNG, 0, "\x89PNG\r\n\x1a\n", ""},
	{SniffJPEG, 0, "\xff\xd8\xff", ""},
	{SniffGIF, 0, "GIF87a", ""},
	{SniffGIF, 0, "GIF89a", ""},
	{SniffWebP, 8, "WEBPVP", "RIFF"},
	{SniffWAVE, 8, "WAVE", "RIFF"},
	{SniffMP4, 4, "ftyp", ""},
	{SniffMatroska, 0, "\x1a\x45\xdf\xa3", ""},
	{SniffOgg, 0, "OggS\x00", ""},
	{SniffMP3, 0, "ID3", ""},
	{SniffGzip, 0, "\x1f\x8b\x08", ""},
	{SniffZip, 0, "PK\x03\x04", ""},
	{SniffWasm, 0, "\x00asm\x01\x00\x00\x00", ""},
	{SniffWOFF, 0, "wOFF", ""},
	{SniffWOFF2, 0, "wOF2", ""},
	{SniffIcon, 0, "\x00\x00\x01\x00", ""},
}

// SniffContent looks at the first bytes of a content, of which it takes at most [SniffLen].
func SniffContent(prefix []byte) Sniff {
	b := prefix[:min(len(prefix), SniffLen)]
	for i := range signatures {
		s := &signatures[i]
		if len(b) >= s.at && bytes.HasPrefix(b[s.at:], []byte(s.bytes)) && bytes.HasPrefix(b, []byte(s.start)) {
			return s.sniff
		}
	}
	control, low := controls(b)
	switch {
	case len(b) == 0:
		return SniffUnknown
	case low && bytes.HasPrefix(b, []byte("BM")):
		return SniffBMP
	case control:
		return SniffBinary
	}
	s := sniffText(b)
	if isUTF8(b, len(b) == SniffLen) {
		s |= sniffUTF8
	}
	return s
}

// controls says whether a byte is there that text does not have, and whether one is among 00 to 08.
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

// sniffText tells the rows of text apart.
func sniffText(b []byte) Sniff {
	t := bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), "\t\n\f\r ")
	switch {
	case hasPrefixFold(t, "<!doctype html"), startsTag(t, "<html"), startsTag(t, "<head"), startsTag(t, "<body"):
		return SniffHTML
	case hasPrefixFold(t, "<svg"):
		return SniffSVG
	case hasPrefixFold(t, "<?xml"):
		if containsFold(t, "<svg") {
			return SniffSVG
		}
		return SniffXML
	}
	return SniffText
}

// hasPrefixFold is bytes.HasPrefix without regard to the case of ASCII letters; prefix is in lower case.
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

// startsTag is true if b starts with the tag name, followed by a space or the end of the tag.
func startsTag(b []byte, tag string) bool {
	return hasPrefixFold(b, tag) && len(b) > len(tag) && (b[len(tag)] == ' ' || b[len(tag)] == '>')
}

// containsFold is bytes.Contains without regard to the case of ASCII letters; what is in lower case.
func containsFold(b []byte, what string) bool {
	for ; len(b) >= len(what); b = b[1:] {
		if hasPrefixFold(b, what) {
			return true
		}
	}
	return false
}

// isUTF8 is utf8.Valid, but for a character at the end that may have been cut off.
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
