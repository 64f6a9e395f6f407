package reading

import (
	"fmt"
	"io/fs"
	"net"
	"testing"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/source"
)

// The hint is about what is at fault.
func TestHintRemote(t *testing.T) {
	noHost := &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}
	later := func(err error) error { return fmt.Errorf("%w: %w", source.ErrUnavailable, err) }
	for _, test := range []struct {
		err  error
		want string
	}{
		{later(noHost), hintHost},
		{later(&net.DNSError{IsTimeout: true}), hintTryAgain},
		{fmt.Errorf("%w: it ignores byte ranges", object.ErrAnswer), hintAnswer},
		{later(object.ErrAnswer), hintAnswer},
		{later(fs.ErrPermission), hintDenied},
		{fs.ErrNotExist, hintMissing},
	} {
		if got := report.Hint(HintRemote(test.err)); got != test.want {
			t.Errorf("%v: %q, not %q", test.err, got, test.want)
		}
	}
}
