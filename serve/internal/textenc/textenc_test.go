package textenc

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestDetect: which content is text, in which encoding, and what it is decoded to.
func TestDetect(t *testing.T) {
	german := "Grüße aus München, 日本"
	utf16 := func(text string, bom bool, big bool) string {
		var b strings.Builder
		if bom {
			text = "\ufeff" + text
		}
		for _, c := range text {
			lo, hi := byte(c), byte(c>>8)
			if big {
				lo, hi = hi, lo
			}
			b.WriteString(string([]byte{lo, hi}))
		}
		return b.String()
	}
	for _, x := range []struct {
		what, content, media, want, text string
		cut                              bool
	}{
		{what: "nothing", want: "utf-8"},
		{what: "ASCII", content: "a\n", want: "utf-8", text: "a\n"},
		{what: "UTF-8", content: german, want: "utf-8", text: german},
		{what: "UTF-8 with a mark", content: "\ufeffü", want: "utf-8", text: "ü"},
		{what: "UTF-8, cut off", content: "aü"[:2], want: "utf-8", text: "a", cut: true},
		{what: "UTF-8, cut off in four bytes", content: "a🙂"[:4], want: "utf-8", text: "a", cut: true},
		{what: "UTF-16", content: utf16(german, true, false), want: "utf-16le", text: german},
		{what: "UTF-16, big", content: utf16(german, true, true), want: "utf-16be", text: german},
		{what: "UTF-16 without a mark", content: utf16("plain text\n", false, false),
			want: "utf-16le", text: "plain text\n"},
		{what: "UTF-16, big, without a mark", content: utf16("plain text\n", false, true),
			want: "utf-16be", text: "plain text\n"},
		{what: "UTF-16, cut off", content: utf16("ab", true, false) + "\x3d\xd8", cut: true,
			want: "utf-16le", text: "ab"},
		{what: "Latin-1", content: "Gr\xfc\xdfe", media: "text/plain", want: "windows-1252",
			text: "Grüße"},
		{what: "Windows-1252", content: "\x8450 \x80\x93", media: "application/octet-stream",
			want: "windows-1252", text: "„50 €“"},
		{what: "declared", content: `<meta charset="iso-8859-2"><p>` + "\xb1", media: "text/html",
			want: "iso-8859-2", text: `<meta charset="iso-8859-2"><p>ą`},
		{what: "escape sequences", content: "\x1b[31mred\x1b[0m\n", want: "utf-8",
			text: "\x1b[31mred\x1b[0m\n"},
		{what: "zeros", content: "\x00\x00\x00\x00", want: ""},
		{what: "UTF-32", content: "\xff\xfe\x00\x00a\x00\x00\x00", want: ""},
		{what: "an image", content: "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", media: "image/png"},
		{what: "controls", content: "\x01\x02\x03", media: "text/plain"},
		{what: "an executable", content: "\x7fELF\x02\x01\x00"},
		{what: "a zero", content: "a\x00b"},
		{what: "compressed", content: "\xfd7zXZ\xe6\xd6", media: "application/x-xz"},
	} {
		got := Detect([]byte(x.content), x.cut, x.media)
		if got != x.want {
			t.Errorf("%s: %q, want %q", x.what, got, x.want)
		}
		if text := Decode([]byte(x.content), x.cut, got); got != "" && text != x.text {
			t.Errorf("%s: %q, want %q", x.what, text, x.text)
		}
	}
}

// TestLabel: the names that people read.
func TestLabel(t *testing.T) {
	for _, x := range []struct{ content, name, want string }{
		{"a", UTF8, "UTF-8"}, {"\ufeffa", UTF8, "UTF-8, BOM"},
		{"\xff\xfea\x00", UTF16LE, "UTF-16 LE"}, {"\xfe\xff\x00a", UTF16BE, "UTF-16 BE"},
		{"\xfc", Windows1252, "Windows-1252"}, {"\xb1", "iso-8859-2", "ISO-8859-2"},
	} {
		if got := Label([]byte(x.content), x.name); got != x.want {
			t.Errorf("%q in %q: %q, want %q", x.content, x.name, got, x.want)
		}
	}
}

// FuzzDecode: whatever the bytes are, the text is UTF-8; text in UTF-8 stays as it is; and the
// beginning of a text is decoded to the beginning of what the whole is decoded to.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\ufeffgrüße 🙂"), 8, "text/plain")
	f.Add([]byte("gr\xfc\xdfe"), 3, "text/plain")
	f.Add([]byte("\xff\xfe\x3d\xd8\x42\xdea\x00"), 5, "")
	f.Add([]byte("\xfe\xff\xd8\x3d\xde\x42\x00a"), 4, "")
	f.Add([]byte("<?xml version='1.0' encoding='shift_jis'?>\x83\x65"), 43, "text/xml")
	f.Fuzz(func(t *testing.T, b []byte, at int, media string) {
		name := Detect(b, false, media)
		text := Decode(b, false, name)
		if !utf8.ValidString(text) {
			t.Fatalf("%q: not UTF-8", text)
		}
		if name == UTF8 && utf8.Valid(b) && text != string(bytes.TrimPrefix(b, []byte(bom))) {
			t.Fatalf("%q", text)
		}
		if at < 0 || at > len(b) || name != UTF8 && name != UTF16LE && name != UTF16BE {
			return
		}
		if part := Decode(b[:at], true, name); !strings.HasPrefix(text, part) {
			t.Fatalf("%q begins with %q", text, part)
		}
	})
}
