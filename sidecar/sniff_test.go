package sidecar

import (
	"bytes"
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	fill := strings.Repeat("x", SniffLen)
	const utf8Bit = sniffUTF8
	for _, c := range []struct {
		content string
		want    Sniff
	}{
		{"", sniffUnknown},
		{"%PDF-1.7", sniffPDF},
		{"%PDF", sniffText | utf8Bit},
		{"\x89PNG\r\n\x1a\nrest", sniffPNG},
		{"\x89PNG\r\n", sniffText},
		{"\xff\xd8\xff\xe0", sniffJPEG},
		{"GIF87a", sniffGIF},
		{"GIF89a\x01", sniffGIF},
		{"GIF88a", sniffText | utf8Bit},
		{"RIFF\x01\x02\x03\x04WEBPVP8 ", sniffWebP},
		{"RIFF....WEBP", sniffText | utf8Bit},
		{"RIFF\x01\x02\x03\x04WAVEfmt ", sniffWAVE},
		{"RIFX....WAVEfmt ", sniffText | utf8Bit},
		{"\x00\x00\x00\x20ftypisom", sniffMP4},
		{"....ftyp", sniffMP4},
		{"...ftyp", sniffText | utf8Bit},
		{"\x1a\x45\xdf\xa3\x01", sniffMatroska},
		{"OggS\x00\x02", sniffOgg},
		{"OggS", sniffText | utf8Bit},
		{"ID3\x03", sniffMP3},
		{"\x1f\x8b\x08\x00", sniffGzip},
		{"\x1f\x8b", sniffBinary},
		{"PK\x03\x04", sniffZip},
		{"PK\x05\x06", sniffBinary},
		{"\x00asm\x01\x00\x00\x00", sniffWasm},
		{"\x00asm\x02\x00\x00\x00", sniffBinary},
		{"wOFF\x00", sniffWOFF},
		{"wOF2\x00", sniffWOFF2},
		{"\x00\x00\x01\x00\x02", sniffIcon},
		{"BM\x36\x00", sniffBMP},
		{"BM\x0b", sniffBinary},
		{"BM is text", sniffText | utf8Bit},
		{"text\x00", sniffBinary},
		{"text\x08", sniffBinary},
		{"text\x0b", sniffBinary},
		{"text\x0e", sniffBinary},
		{"text\x1a", sniffBinary},
		{"text\x1b[0m", sniffText | utf8Bit},
		{"text\x1c", sniffBinary},
		{"text\x1f", sniffBinary},
		{"text\t\n\f\r \x7f", sniffText | utf8Bit},
		{"<!DOCTYPE HTML>", sniffHTML | utf8Bit},
		{"\ufeff \n<!doctype html>", sniffHTML | utf8Bit},
		{"\n\ufeff<!doctype html>", sniffText | utf8Bit},
		{"<html>", sniffHTML | utf8Bit},
		{"<HtMl lang=de>\xe4", sniffHTML},
		{"<html", sniffText | utf8Bit},
		{"<htmlx>", sniffText | utf8Bit},
		{"<header>", sniffText | utf8Bit},
		{"<head>", sniffHTML | utf8Bit},
		{"<body >", sniffHTML | utf8Bit},
		{"<svg xmlns", sniffSVG | utf8Bit},
		{"<?xml version='1.0'?><svg/>", sniffSVG | utf8Bit},
		{"<?xml version='1.0'?><g/>", sniffXML | utf8Bit},
		{"<?XML?>" + fill + "<svg/>", sniffXML | utf8Bit},
		{"Straße", sniffText | utf8Bit},
		{"Stra\xdfe", sniffText},
		{"Stra\xc3", sniffText},
		{fill[:SniffLen-1] + "\xc3\x9f", sniffText | utf8Bit},
		{fill[:SniffLen-2] + "\xe2\x82\xac", sniffText | utf8Bit},
		{fill[:SniffLen-1] + "\xe2\x82\xac", sniffText | utf8Bit},
		{fill[:SniffLen-3] + "\xf0\x9f\x98\x80", sniffText | utf8Bit},
		{fill[:SniffLen-3] + "\xf0\x9f\x98", sniffText | utf8Bit},
		{fill[:SniffLen-1] + "\xff", sniffText},
		{fill[:SniffLen-2] + "\xc3x", sniffText},
		{fill[:SniffLen-4] + "\x9f\x9f\x9f\x9f", sniffText},
		{"\xff" + fill[:SniffLen-2] + "\xc3\x9f", sniffText},
		{fill + "\x00", sniffText | utf8Bit},
	} {
		if got := SniffContent([]byte(c.content)); got != c.want {
			t.Errorf("%.60q: %d, want %d", c.content, got, c.want)
		}
	}
}

func TestMediaType(t *testing.T) {
	for _, c := range []struct {
		sniff Sniff
		want  string
		utf8  bool
	}{
		{sniffUnknown, "", false},
		{sniffPNG, "image/png", false},
		{sniffPNG | sniffUTF8, "image/png", false},
		{sniffBinary, "application/octet-stream", false},
		{sniffText, "text/plain", false},
		{sniffText | sniffUTF8, "text/plain; charset=utf-8", true},
		{sniffHTML | sniffUTF8, "text/html; charset=utf-8", true},
		{sniffSVG | sniffUTF8, "image/svg+xml; charset=utf-8", true},
		{23, "", false},
		{0xff, "", true},
	} {
		if got := c.sniff.MediaType(); got != c.want || c.sniff.UTF8() != c.utf8 {
			t.Errorf("%d: %q, UTF-8 %v; want %q, %v", uint8(c.sniff), got, c.sniff.UTF8(), c.want, c.utf8)
		}
	}
	for s := sniffPDF; s <= sniffText; s++ {
		if !strings.Contains(s.MediaType(), "/") {
			t.Errorf("%d has no media type", uint8(s))
		}
	}
}

// FuzzSniff: the row never depends on bytes after the first 512, and text stays text.
func FuzzSniff(f *testing.F) {
	for _, s := range []string{"", "<html>", "%PDF-", "\xef\xbb\xbf<?xml <svg", "BM\x00",
		strings.Repeat("ü", 300)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := SniffContent(b)
		if len(b) >= SniffLen {
			if got := SniffContent(append(bytes.Clone(b[:SniffLen]), 0)); got != s {
				t.Fatalf("%d, and %d with another tail", s, got)
			}
		}
		if row := s &^ sniffUTF8; row > sniffText || s.UTF8() != (s != row) ||
			(s.MediaType() == "") != (s == sniffUnknown) {
			t.Fatalf("%d: UTF-8 %v, media type %q", s, s.UTF8(), s.MediaType())
		}
		if (s == sniffUnknown) != (len(b) == 0) {
			t.Fatalf("%d for %d bytes", s, len(b))
		}
	})
}
