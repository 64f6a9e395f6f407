package gzipform

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tarpack/tpk/serve/internal/plan"
)

func gzipped(content string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(content))
	_ = z.Close()
	return b.Bytes()
}

// TestOf cuts gzip at every length, and changes every byte.
func TestOf(t *testing.T) {
	one := gzipped(strings.Repeat("some words ", 9))
	two := append(bytes.Clone(one), gzipped("two")...)
	of := func(content []byte) plan.GzipForm {
		t.Helper()
		form, err := Of(iotest.OneByteReader(bytes.NewReader(content)))
		if err != nil {
			t.Error(err)
		}
		return form
	}
	for n := range two {
		want := plan.NoGzip
		if n == len(one) {
			want = plan.OneMember
		}
		if got := of(two[:n]); got != want {
			t.Errorf("cut to %d bytes: %v, want %v", n, got, want)
		}
	}
	if got := of(two); got != plan.Members {
		t.Errorf("two members: %v", got)
	}
	for i := range one {
		bad := bytes.Clone(one)
		bad[i] ^= 0x80
		z, err := gzip.NewReader(bytes.NewReader(bad))
		if err == nil {
			_, err = io.Copy(io.Discard, z)
		}
		if i == 3 { // compress/gzip ignores reserved flags
			err = errors.New("RFC 1952 §2.3.1.2: they must give an error")
		}
		if got := of(bad); (got == plan.OneMember) != (err == nil) {
			t.Errorf("byte %d changed: %v, but gzip: %v", i, got, err)
		}
	}
	for _, end := range []string{"\x00", "\n", strings.Repeat("\x00", 1000), "\x1f\x8b", "junk"} {
		if got := of(append(bytes.Clone(one), end...)); got != plan.NoGzip {
			t.Errorf("with %q behind: %v", end, got)
		}
	}
}

// TestOfError: an error of reading is not a property of the content, wherever it comes.
func TestOfError(t *testing.T) {
	content := append(gzipped("words"), "junk behind"...)
	broken := errors.New("broken")
	for n := range len(content) + 1 {
		r := io.MultiReader(bytes.NewReader(content[:n]), iotest.ErrReader(broken))
		if form, err := Of(r); !errors.Is(err, broken) || form != plan.NoGzip {
			t.Errorf("after %d bytes: %v, %v", n, form, err)
		}
	}
}

// TestLimit: what is longer than the limit when inflated is not read to its end.
func TestLimit(t *testing.T) {
	content := append(gzipped(strings.Repeat("x", 1000)), gzipped(strings.Repeat("y", 1000))...)
	for most, want := range map[int64]plan.GzipForm{
		2001: plan.Members, 2000: plan.Members, 1999: plan.NoGzip, 1000: plan.NoGzip, 1: plan.NoGzip,
	} {
		if got := inflate(&input{r: bytes.NewReader(content)}, most); got != want {
			t.Errorf("up to %d bytes: %v, want %v", most, got, want)
		}
	}
}

// TestCache: a form is found out once and kept, unless the key may stand for other content later. A
// cache does not grow without end.
func TestCache(t *testing.T) {
	var c Cache[int]
	calls := 0
	find := func(key int, sure bool, err error) {
		t.Helper()
		got, e := c.Find(key, func() (plan.GzipForm, bool, error) {
			calls++
			return plan.OneMember, sure, err
		})
		if !errors.Is(e, err) || err == nil && got != plan.OneMember {
			t.Errorf("key %d: %v, %v", key, got, e)
		}
	}
	broken := errors.New("broken")
	for _, step := range []struct {
		key   int
		sure  bool
		err   error
		calls int
	}{
		{1, true, nil, 1}, {1, true, nil, 1}, {2, true, broken, 2}, {2, false, nil, 3},
		{2, true, nil, 4}, {2, true, nil, 4},
	} {
		if find(step.key, step.sure, step.err); calls != step.calls {
			t.Errorf("%+v: %d calls", step, calls)
		}
	}
	for key := range 3 * maxRecent {
		find(key, true, nil)
		if _, ok := c.Known(1); key > 0 && !ok {
			t.Fatalf("key 1, which is used, is forgotten after %d", key)
		}
	}
	if _, ok := c.Known(2); ok || len(c.recent)+len(c.older) > 2*maxRecent {
		t.Errorf("it has %d and %d forms", len(c.recent), len(c.older))
	}
}
