package report

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"
)

// However long a name is, and however often it is in an error, the line stays readable: it has both
// ends of the name, the reason and the hint. Names up to NAME_MAX are whole.
func TestLongNames(t *testing.T) {
	for _, long := range []string{
		strings.Repeat("x", 175_000), strings.Repeat("ü", 90_000), strings.Repeat("\xff", 60_000),
		strings.Repeat("a b: c", 40_000), strings.Repeat("dir/", 4_000), strings.Repeat("\n", 9_000),
	} {
		long = "begin" + long + "end"
		err := errors.Join(
			fmt.Errorf("%s: %w", long, &fs.PathError{Op: "open", Path: long, Err: fs.ErrNotExist}),
			fmt.Errorf("%s: %w", long, fs.ErrPermission))
		line := Line(err)
		if len(line) > 5*longLine || !utf8.ValidString(line) {
			t.Errorf("%.20q: a line of %d bytes", long, len(line))
		}
		if !strings.HasPrefix(line, "tpk: begin") || !strings.HasSuffix(line, ": check the name") {
			t.Errorf("%.20q: the line is %.30q … %q", long, line, line[len(line)-30:])
		}
	}
	name := strings.Repeat("x", 255)
	if line := Line(fmt.Errorf("%s: %w", name, fs.ErrNotExist)); !strings.Contains(line, name) {
		t.Error(line)
	}
}
