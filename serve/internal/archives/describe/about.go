// Package describe finds what describes a folder: its READMEs, and a paragraph of one or the title
// of a page.
package describe

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxDescription is how many characters a description has.
const maxDescription = 240

var (
	// mark is what a line begins with that is no part of a paragraph: a heading, a rule, a picture, a
	// tag, a comment, a directive, a list or code.
	mark = regexp.MustCompile("^(#|=+ |[=~^*_-]{3,}|!\\[|\\[!|<|\\.\\. |```|[-*+] |[|:]|\\t)")
	// quote is what a line of a quotation begins with. Many READMEs quote what the project is.
	quote = regexp.MustCompile(`^ ?> ?`)
	// link is a link of Markdown, and its text.
	link = regexp.MustCompile(`!?\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])`)
	// emphasis is what Markdown and reStructuredText put around words.
	emphasis = regexp.MustCompile("[*`]+|\\b__|__\\b")
	title    = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
)

// FirstParagraph returns the first paragraph of a README, in Markdown or a form like it, without
// marks. It is plain text, and must be escaped in a page.
func FirstParagraph(content string) string {
	content = strings.ReplaceAll(content, "\r\n", "\n")
	for block := range strings.SplitSeq(content, "\n\n") {
		lines := strings.Split(strings.Trim(block, "\n"), "\n")
		if len(lines) > 1 && underlines(lines[1]) { // a heading
			lines = lines[2:]
		}
		for len(lines) > 0 && strings.HasPrefix(lines[0], "#") {
			lines = lines[1:]
		}
		for i, line := range lines {
			lines[i] = quote.ReplaceAllString(line, "")
		}
		if len(lines) == 0 || lines[0] == "" || mark.MatchString(lines[0]) {
			continue
		}
		text := link.ReplaceAllString(strings.Join(lines, " "), "$1")
		if text = shorten(emphasis.ReplaceAllString(text, "")); text != "" {
			return text
		}
	}
	return ""
}

// underlines reports whether a line makes the line before it a heading.
func underlines(line string) bool {
	return len(line) > 1 && strings.Trim(line, line[:1]) == "" &&
		strings.Contains("=-~^*#", line[:1])
}

// PageTitle returns the title of a page in HTML.
func PageTitle(content string) string {
	m := title.FindStringSubmatch(content)
	if m == nil {
		return ""
	}
	return shorten(html.UnescapeString(m[1]))
}

// shorten returns text in one line, and cuts it between words if it is long.
func shorten(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " ")
	if utf8.RuneCountInString(text) <= maxDescription {
		return text
	}
	text = string([]rune(text)[:maxDescription])
	if i := strings.LastIndexByte(text, ' '); i > maxDescription/2 {
		text = text[:i]
	}
	return text + "…"
}
