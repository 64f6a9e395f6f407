package describe

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAbout(t *testing.T) {
	for _, x := range []struct{ content, want string }{
		{"", ""}, {"# Title\n", ""}, {"# Title\nOne.\nTwo.\n\nX", "One. Two."},
		{"Title\n=====\nOne\n", "One"}, {"\xff\xfe", "\ufffd"},
		{"Title\n=====\n\n.. image:: x\n\nOne ``code``, two.", "One code, two."},
		{"<p align=center>\n<img>\n</p>\n\n[![b](u)](v) ![c](d)\n\nA [b](c) [d][e].", "A b d."},
		{"\r\n\r\nWindows\r\nlines\r\n\r\nMore", "Windows lines"},
		{"```\ncode\n```\n\n- a list\n\n> [!NOTE]\n> a note\n\n" +
			"**Bold** and __this__, but snake_case_name.",
			"Bold and this, but snake_case_name."},
		{"# T\n\n[![b](u)](v)\n\n> What\n> it is.\n\nMore.", "What it is."},
		{"<!-- comment -->\n\nText & <b>", "Text & <b>"}, {"---\n\n***\n\nAfter rules", "After rules"},
	} {
		if got := FirstParagraph(x.content); got != x.want {
			t.Errorf("%q: %q, want %q", x.content, got, x.want)
		}
	}
	if got := FirstParagraph(strings.Repeat("word ", 100)); !strings.HasSuffix(got, "word…") ||
		utf8.RuneCountInString(got) > maxDescription+1 {
		t.Errorf("%q", got)
	}
	for content, want := range map[string]string{
		"<title>A &lt;b&gt;\n page</title>": "A <b> page", "<TITLE lang=en>x</TITLE>": "x",
		"<title>cut off": "", "no title": "", "<title></title>": "",
	} {
		if got := PageTitle(content); got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}

// FuzzAbout: a description is one line of valid UTF-8, and short.
func FuzzAbout(f *testing.F) {
	f.Add("# T\n\n*a* [b](c)")
	f.Add("<title>x&amp;</title>")
	f.Fuzz(func(t *testing.T, content string) {
		for _, got := range []string{FirstParagraph(content), PageTitle(content)} {
			if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxDescription+1 ||
				strings.Contains(got, "\n") || got != strings.TrimSpace(got) {
				t.Errorf("%q", got)
			}
		}
	})
}
