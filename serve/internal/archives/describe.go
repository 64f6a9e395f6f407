package archives

import (
	"errors"
	"io/fs"
	"strings"
)

// Describe returns the text of an error for the log and for clients of the admin API: the path
// comes first instead of a system call, and what to do about a file that can't be opened is added.
func Describe(err error) string {
	text := err.Error()
	var path *fs.PathError
	if !errors.As(err, &path) {
		return text
	}
	text = strings.Replace(text, path.Error(), path.Path+": "+path.Err.Error(), 1)
	text = strings.Replace(text, path.Path+": "+path.Path+": ", path.Path+": ", 1)
	switch {
	case errors.Is(path.Err, fs.ErrNotExist):
		text += ": check the name"
	case errors.Is(path.Err, fs.ErrPermission):
		text += ": change its permissions, or run the server as a user with access"
	}
	return text
}
