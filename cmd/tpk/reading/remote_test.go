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
	for want, err := range map[string]error{
		hintHost:     fmt.Errorf("%w: %w", source.ErrUnavailable, noHost),
		hintTryAgain: fmt.Errorf("%w: %w", source.ErrUnavailable, &net.DNSError{IsTimeout: true}),
		hintAnswer:   fmt.Errorf("%w: it ignores byte ranges", object.ErrAnswer),
		hintMissing:  fs.ErrNotExist,
	} {
		if got := report.Hint(HintRemote(err)); got != want {
			t.Errorf("%v: %q, not %q", err, got, want)
		}
	}
}
