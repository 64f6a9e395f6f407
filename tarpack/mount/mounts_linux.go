package mount

import (
	"os"
	"strconv"
	"strings"
)

// mounted is a line of the system's list of mounts.
type mounted struct {
	device string // major:minor
	kind   string // of file system
}

// mountOf returns the mount on a directory, the last one if there are several. ok is false if it is
// not one of this package.
func mountOf(dir string) (m mounted, ok bool, err error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return m, false, err
	}
	for line := range strings.Lines(string(b)) {
		before, after, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		fields := strings.Fields(before)
		if len(fields) < 5 || unescape(fields[4]) != dir {
			continue
		}
		kind, _, _ := strings.Cut(after, " ")
		m = mounted{device: fields[2], kind: kind}
	}
	return m, m.kind == "fuse."+fsName, nil
}

// unescape returns a path of the list of mounts: blanks and backslashes in it are octal numbers.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
