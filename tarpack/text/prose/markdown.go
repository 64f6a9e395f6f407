package prose

import (
	"bytes"
	"regexp"
)

var (
	// A link or a picture: its text stays, its address goes (CommonMark, sections 6.3 and 6.4).
	mdLink = regexp.MustCompile(`!?\[([^\]\n]*)\]\([^)\n]*\)`)
	// A tag or a comment (CommonMark, section 6.6).
	mdTag = regexp.MustCompile(`</?[A-Za-z][^>\n]*>|<!--[^\n]*?-->`)
	// A link reference definition (CommonMark, section 4.7).
	mdDefinition = regexp.MustCompile(`^ {0,3}\[[^\]\n]+\]:\s`)
)

// fromMarkdown returns the text without the marks of its markup. Code blocks are text. The title is
// that of the front matter, or the first heading.
func fromMarkdown(content []byte) (d Document) {
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	if matter, rest, ok := frontMatter(content); ok {
		d.Title, content = titleOf(matter), rest
	}
	var before []byte
	fenced := false
	for line := range bytes.Lines(content) {
		line = bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte("```")) || bytes.HasPrefix(line, []byte("~~~")) {
			fenced = !fenced
			continue
		}
		if fenced {
			d.Text = appendText(append(d.Text, ' '), line)
			continue
		}
		if isRule(line) || mdDefinition.Match(line) {
			if d.Title == "" && len(line) > 0 && line[0] == '=' {
				d.Title = string(before)
			}
			continue
		}
		plain := withoutMarkup(line)
		if d.Title == "" && bytes.HasPrefix(line, []byte("# ")) {
			d.Title = string(bytes.TrimRight(plain, "# "))
		}
		d.Text = appendText(append(d.Text, ' '), plain)
		before = plain
	}
	d.Text = bytes.Join(bytes.Fields(d.Text), []byte(" "))
	return d
}

func withoutMarkup(line []byte) []byte {
	line = bytes.TrimLeft(line, "#>*+- \t")
	if bytes.IndexByte(line, '[') >= 0 {
		line = mdLink.ReplaceAll(line, []byte("$1"))
	}
	if bytes.IndexByte(line, '<') >= 0 {
		line = mdTag.ReplaceAll(line, nil)
	}
	line = bytes.ReplaceAll(line, []byte("**"), nil)
	return bytes.ReplaceAll(line, []byte("`"), nil)
}

// frontMatter divides a document into the lines between two lines of three dashes at its beginning,
// and the rest.
func frontMatter(content []byte) (matter, rest []byte, ok bool) {
	after, ok := bytes.CutPrefix(content, []byte("---\n"))
	if !ok {
		return nil, content, false
	}
	if matter, rest, ok = bytes.Cut(after, []byte("\n---\n")); !ok {
		return nil, content, false
	}
	return matter, rest, true
}

// titleOf returns the value of the key title.
func titleOf(matter []byte) string {
	for line := range bytes.Lines(matter) {
		if value, ok := bytes.CutPrefix(line, []byte("title:")); ok {
			return string(bytes.Trim(value, " \t\n\"'"))
		}
	}
	return ""
}
