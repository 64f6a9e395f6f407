package object_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/source"
)

// A connection that is closed before an answer is described as that, not as the EOF of a file.
func TestUnanswered(t *testing.T) {
	s := remotetest.New(t, content(300))
	s.Do(remotetest.Always(remotetest.Close))
	_, err := openAt(t, s.Object(), quick())
	const want = "the connection was closed without an answer"
	if !errors.Is(err, source.ErrUnavailable) || !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
}
