package format

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

// TestWindowsNames: names that Windows can't have, or that lead to something else there.
func TestWindowsNames(t *testing.T) {
	for _, c := range []struct{ path, reason string }{
		{"a", ""}, {"a/b.txt", ""}, {".hidden", ""}, {"a b", ""}, {" a", ""}, {"grüße/日本", ""},
		{"console", ""}, {"COM10", ""}, {"com", ""}, {"lpt", ""}, {"COMA", ""}, {"nul_", ""}, {"~1", ""},
		{"a.nul", ""}, {"x/" + strings.Repeat("ü", 255), ""},
		{"a:b", ": can't"}, {"a:$DATA", ": can't"}, {"C:", ": can't"}, {`a\b`, `\ can't`},
		{`..\x`, `\ can't`}, {"a*", "* can't"}, {"a?", "? can't"}, {`"`, `" can't`}, {"<", "< can't"},
		{">", "> can't"}, {"|", "| can't"}, {"a\nb", `"\n" can't`}, {"a\x00b", `"\x00" can't`},
		{"d/a:b/c", ": can't"},
		{"a.", "cut off"}, {"a ", "cut off"}, {"a/b. ./c", "cut off"}, {"...", "cut off"},
		{"CON", "device"}, {"nul", "device"}, {"Aux.txt", "device"}, {"x/prn/y", "device"},
		{"NUL .txt", "device"}, {"nul.tar.gz", "device"}, {"com1", "device"}, {"LPT9.x", "device"},
		{"COM¹", "device"}, {"conin$", "device"}, {"CONOUT$", "device"}, {"com0", "device"},
		{"a\xff", "UTF-8"}, {strings.Repeat("x", 256), "255"},
		{strings.Repeat("\U0001F600", 128), "255"}, // two units each
	} {
		err := checkWindowsPath(c.path)
		if c.reason == "" && err == nil {
			continue
		}
		if !errors.Is(err, ErrName) || !strings.Contains(err.Error(), c.reason) || c.reason == "" {
			t.Errorf("%q: %v, want one with %q", c.path, err, c.reason)
		}
	}
}

// TestWindowsFile: names of files to write, which may lead up.
func TestWindowsFile(t *testing.T) {
	for base, ok := range map[string]bool{
		"a.tar.gz": true, ".": true, "..": true,
		"con.tar.gz": false, "a.tar.gz.": false, "a:b.tar.gz": false, "a?": false,
	} {
		err := checkWindowsFile("dir/"+base, base)
		if (err == nil) != ok || !ok && !errors.Is(err, ErrFileName) {
			t.Errorf("%q: %v", base, err)
		}
	}
	if err := CheckFile("dir/aux"); (err != nil) != (runtime.GOOS == "windows") {
		t.Error(err)
	}
}
