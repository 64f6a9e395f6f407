package fileview

import (
	"strings"
	"testing"
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
		{what: "compressed", content: "\xfd7zXZ\xe6\xd6", media: "application/x-xz"},
	} {
		got := detect([]byte(x.content), x.cut, x.media)
		if got != x.want {
			t.Errorf("%s: %q, want %q", x.what, got, x.want)
		}
		if text := decode([]byte(x.content), x.cut, got); got != "" && text != x.text {
			t.Errorf("%s: %q, want %q", x.what, text, x.text)
		}
	}
}
