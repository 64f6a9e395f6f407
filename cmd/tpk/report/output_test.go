package report

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"
)

// TestOutput expects the name of the file that was to be written instead of its temporary name.
// Other paths stay.
func TestOutput(t *testing.T) {
	for _, tt := range []struct{ name, path, want string }{
		{"d/a.tar.gz", "d/.a.tar.gz.tpk-tmp", "d/a.tar.gz"},
		{"d/a.tar.gz", "d/.a-00000-of-00002.tar.gz.tpk-tmp", "d/a.tar.gz"},
		{"o.zip", ".tpk-export8906869450250778312", "o.zip"},
		{"d/long.tar.gz", "d/.0123456789abcdef-ng.tar.gz.tpk-tmp", "d/long.tar.gz"},
		{"d/a.tar.gz", "d/a.tar.gz", "d/a.tar.gz"},
		{"d/a.tar.gz", "e/.a.tar.gz.tpk-tmp", "e/.a.tar.gz.tpk-tmp"},
		{"d/a.tar.gz", "d/.b", "d/.b"},
	} {
		err := errors.Join(nil, &fs.PathError{Op: "write", Path: tt.path, Err: syscall.ENOSPC})
		want := tt.want + ": no space left on device"
		if got := message(Output(tt.name, err)); got != want {
			t.Errorf("%s: %q, want %q", tt.name, got, want)
		}
	}
}
