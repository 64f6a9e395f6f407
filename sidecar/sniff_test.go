package sidecar

import (
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
		{"", SniffUnknown},
		{"%PDF-1.7", SniffPDF},
		{"%PDF", SniffText | utf8Bit},
		{"\x89PNG\r\n\x1a\nrest", SniffPNG},
		{"\x89PNG\r\n", SniffText},
		{"\xff\xd8\xff\xe0", SniffJPEG},
		{"GIF87a", SniffGIF},
		{"GIF89a\x01", SniffGIF},
		{"GIF88a", SniffText | utf8Bit},
		{"RIFF\x01\x02\x03\x04WEBPVP8 ", SniffWebP},
		{"RIFF....WEBP", SniffText | utf8Bit},
		{"RIFF\x01\x02\x03\x04WAVEfmt ", SniffWAVE},
		{"RIFX....WAVEfmt ", SniffText | utf8Bit},
		{"\x00\x00\x00\x20ftypisom", SniffMP4},
		{"....ftyp", SniffMP4},
		{"...ftyp", SniffText | utf8Bit},
		{"\x1a\x45\xdf\xa3\x01", SniffMatroska},
		{"OggS\x00\x02", SniffOgg},
		{"OggS", SniffText | utf8Bit},
		{"ID3\x03", SniffMP3},
		{"\x1f\x8b\x08\x00", SniffGzip},
		{"\x1f\x8b", SniffBinary},
		{"PK\x03\x04", SniffZip},
		{"PK\x05\x06", SniffBinary},
		{"\x00asm\x01\x00\x00\x00", SniffWasm},
		{"\x00asm\x02\x00\x00\x00", SniffBinary},
		{"wOFF\x00", SniffWOFF},
		{"wOF2\x00", SniffWOFF2},
		{"\x00\x00\x01\x00\x02", SniffIcon},
		{"BM\x36\x00", SniffBMP},
		{"BM\x0b", SniffBinary},
		{"BM is text", SniffText | utf8Bit},
		{"text\x00", SniffBinary},
		{"text\x08", SniffBinary},
		{"text\x0b", SniffBinary},
		{"text\x0e", SniffBinary},
		{"text\x1a", SniffBinary},
		{"text\x1b[0m", SniffText | utf8Bit},
		{"text\x1c", SniffBinary},
		{"text\x1f", SniffBinary},
		{"text\t\n\f\r \x7f", SniffText | utf8Bit},
		{"<!DOCTYPE HTML>", SniffHTML | utf8Bit},
		{"\ufeff \n<!doctype html>", SniffHTML | utf8Bit},
		{"\n\ufeff<!doctype html>", SniffText | utf8Bit},
		{"<html>", SniffHTML | utf8Bit},
		{"<HtMl lang=de>\xe4", SniffHTML},
		{"<html", SniffText | utf8Bit},
		{"<htmlx>", SniffText | utf8Bit},
		{"<header>", SniffText | utf8Bit},
		{"<head>", SniffHTML | utf8Bit},
		{"<body >", SniffHTML | utf8Bit},
		{"<svg xmlns", SniffSVG | utf8Bit},
		{"<?xml version='1.0'?><svg/>", SniffSVG | utf8Bit},
		{"<?xml version='1.0'?><g/>", SniffXML | utf8Bit},
		{"<?XML?>" + fill + "<svg/>", SniffXML | utf8Bit},
		{"Straße", SniffText | utf8Bit},
		{"Stra\xdfe", SniffText},
		{"Stra\xc3", SniffText},
		{fill[:SniffLen-1] + "\xc3\x9f", SniffText | utf8Bit},
		{fill[:SniffLen-2] + "\xe2\x82\xac", SniffText | utf8Bit},
		{fill[:SniffLen-1] + "\xe2\x82\xac", SniffText | utf8Bit},
		{fill[:SniffLen-3] + "\xf0\x9f\x98\x80", SniffText | utf8Bit},
		{fill[:SniffLen-3] + "\xf0\x9f\x98", SniffText | utf8Bit},
		{fill[:SniffLen-1] + "\xff", SniffText},
		{fill[:SniffLen-2] + "\xc3x", SniffText},
		{fill[:SniffLen-4] + "\x9f\x9f\x9f\x9f", SniffText},
		{"\xff" + fill[:SniffLen-2] + "\xc3\x9f", SniffText},
		{fill + "\x00", SniffText | utf8Bit},
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
		{SniffUnknown, "", false},
		{SniffPNG, "image/png", false},
		{SniffPNG | sniffUTF8, "image/png", false},
		{SniffBinary, "application/octet-stream", false},
		{SniffText, "text/plain", false},
		{SniffText | sniffUTF8, "text/plain; charset=utf-8", true},
		{SniffHTML | sniffUTF8, "text/html; charset=utf-8", true},
		{SniffSVG | sniffUTF8, "image/svg+xml; charset=utf-8", true},
		{23, "", false},
		{0xff, "", true},
	} {
		if got := c.sniff.MediaType(); got != c.want || c.sniff.UTF8() != c.utf8 {
			t.Errorf("%d: %q, UTF-8 %v; want %q, %v", uint8(c.sniff), got, c.sniff.UTF8(), c.want, c.utf8)
		}
	}
	for s := SniffPDF; s <= SniffText; s++ {
		if !strings.Contains(s.MediaType(), "/") {
			t.Errorf("%d has no media type", uint8(s))
		}
	}
}
