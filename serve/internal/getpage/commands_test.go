package getpage

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// names are file names that a shell or a program could take for something else.
var names = []string{"plain.txt", "-rf", "--help", "-", "a b", "it's", "'; touch x; '",
	"$(touch x)", "`touch x`", "a\nb", "a\\b", "*", "~", "!x", "\"", "#1", "é", "%s", "{a,b}",
	"a;b|c&d", "\xff\xfe", "e\x03touch x\n#", "\x1b[201~touch x\r", "\u0085\u2028", "a\u202etxt.exe"}

// TestCommands runs the commands in sh: they write the file, and go on with half of it, and nothing
// else.
func TestCommands(t *testing.T) {
	const content = "a content of some length"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "x", time.Unix(1e9, 0), strings.NewReader(content))
	}))
	defer s.Close()
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
	for _, tool := range []struct {
		name string
		line func(url, name string) string
	}{{"curl", curl}, {"wget", wget}} {
		if _, err := exec.LookPath(tool.name); err != nil {
			t.Skip(tool.name)
		}
		for _, name := range names {
			dir := t.TempDir()
			file := filepath.Join(dir, plan.SaveName(name))
			if err := os.WriteFile(file, []byte(content[:7]), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, dir, tool.line(s.URL+"/a?b&c='d", name))
			got, err := os.ReadFile(file)
			if list, _ := os.ReadDir(dir); err != nil || string(got) != content || len(list) != 1 {
				t.Errorf("%s %q: %q, %v, %v", tool.name, name, got, err, list)
			}
			run(t, dir, check(sum, name))
			if err := os.WriteFile(file, []byte("other"), 0o600); err != nil {
				t.Fatal(err)
			}
			c := exec.Command("sh", "-c", check(sum, name))
			c.Dir = dir
			if c.Run() == nil {
				t.Errorf("%q: another content passes", name)
			}
		}
	}
}

// TestCommandsPasted: a terminal takes control characters of what is pasted as keys, so commands
// have none. All name the same file.
func TestCommandsPasted(t *testing.T) {
	for _, name := range append(names, "\u200e\u061c\u2066") {
		word := quote("./" + plan.SaveName(name))
		for _, line := range []string{curl("http://h/", name), wget("http://h/", name),
			check("00", name)} {
			if !strings.Contains(line, " "+word+" ") {
				t.Errorf("%q: not %q: %q", name, word, line)
			}
			if strings.ContainsFunc(line, func(r rune) bool {
				return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar
			}) {
				t.Errorf("%q: %q", name, line)
			}
		}
	}
}

func run(t *testing.T, dir, line string) {
	t.Helper()
	c := exec.Command("sh", "-c", line)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", line, err, out)
	}
}
