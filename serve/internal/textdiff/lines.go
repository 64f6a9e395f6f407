package textdiff

import (
	"bytes"
	"context"
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"
	"github.com/rogpeppe/go-internal/diff"
)

// Edit is a run of lines of the old text, and those of the new text in their place. Lines are
// counted from 0, and ends are behind the last line.
type Edit struct{ Old, OldEnd, New, NewEnd int }

// Split returns the lines of a text, without their ends: a line feed, or a carriage return and a
// line feed.
func Split(text string) []string {
	if text == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// Lines returns the edits that make new of old, in order. There is at least one line that is the
// same between two edits. If ctx ends meanwhile, it returns the cause.
func Lines(ctx context.Context, old, new []string) (edits []Edit, err error) {
	for _, e := range anchored(old, new) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for _, d := range lcs.DiffLines(old[e.Old:e.OldEnd], new[e.New:e.NewEnd]) {
			fine := Edit{e.Old + d.Start, e.Old + d.End, e.New + d.ReplStart, e.New + d.ReplEnd}
			if k := len(edits) - 1; k >= 0 && edits[k].OldEnd == fine.Old &&
				edits[k].NewEnd == fine.New {
				edits[k].OldEnd, edits[k].NewEnd = fine.OldEnd, fine.NewEnd
				continue
			}
			edits = append(edits, fine)
		}
	}
	return edits, nil
}

// anchored returns the edits between lines that are in each of the texts once.
func anchored(old, new []string) (edits []Edit) {
	// The first three lines name the texts. Of the others, the first byte is what counts.
	out := diff.Diff("old", join(old), "new", join(new))
	at, inEdit := Edit{}, false
	for k := 0; len(out) > 0; k++ {
		line := out
		if i := bytes.IndexByte(out, '\n'); i >= 0 {
			line, out = out[:i], out[i+1:]
		} else {
			out = nil
		}
		if k < 3 {
			continue
		}
		was := inEdit
		inEdit = line[0] == '-' || line[0] == '+'
		if was && !inEdit {
			edits = append(edits, at)
		}
		if !inEdit || !was {
			at = Edit{at.OldEnd, at.OldEnd, at.NewEnd, at.NewEnd}
		}
		switch line[0] {
		case '@':
			at = start(line)
		case '-':
			at.OldEnd++
		case '+':
			at.NewEnd++
		default:
			at = Edit{at.Old + 1, at.Old + 1, at.New + 1, at.New + 1}
		}
	}
	if inEdit {
		edits = append(edits, at)
	}
	return edits
}

// join returns lines as a text whose last line has an end, too.
func join(lines []string) []byte {
	n := 0
	for _, line := range lines {
		n += len(line) + 1
	}
	b := make([]byte, 0, n)
	for _, line := range lines {
		b = append(append(b, line...), '\n')
	}
	return b
}

// start returns where a hunk begins, by its head "@@ -OLD,COUNT +NEW,COUNT @@". The number of a
// line is counted from 1, but that of a text without lines is 0.
func start(head []byte) Edit {
	n, numbers := 0, [4]int{}
	for i, c := range head {
		switch digit := '0' <= c && c <= '9'; {
		case digit && n < len(numbers):
			numbers[n] = numbers[n]*10 + int(c-'0')
		case i > 0 && '0' <= head[i-1] && head[i-1] <= '9':
			n++
		}
	}
	old, new := max(numbers[0]-1, 0), max(numbers[2]-1, 0)
	return Edit{old, old, new, new}
}
