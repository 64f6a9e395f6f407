package archives

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
)

func TestDescribe(t *testing.T) {
	path := func(op string, errno error) error {
		return &fs.PathError{Op: op, Path: "a/b", Err: errno}
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{errors.New("what"), "what"},
		{path("stat", syscall.ENOENT), "a/b: no such file or directory: check the name"},
		{
			path("open", syscall.EACCES), "a/b: permission denied: " +
				"change its permissions, or run the server as a user with access",
		},
		{
			fmt.Errorf("a/b: %w", path("open", syscall.ENOENT)),
			"a/b: no such file or directory: check the name",
		},
		{path("read", syscall.EIO), "a/b: input/output error"},
	} {
		if got := Describe(test.err); got != test.want {
			t.Errorf("%v: %q, want %q", test.err, got, test.want)
		}
	}
}
