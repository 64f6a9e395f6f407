package http2

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// FuzzBlock decodes fields that were encoded with x/net's decoder: they are the same, and those of
// the connection are left out.
func FuzzBlock(f *testing.F) {
	f.Add("Content-Type", "text/html", 200)
	f.Add("Connection", "close", 304)
	f.Add("X-Own", strings.Repeat("value", 100), 599)
	f.Add("etag", "", 404)
	f.Fuzz(func(t *testing.T, name, value string, status int) {
		if name == "" || strings.ContainsAny(name, ":\r\n") || strings.ContainsAny(value, "\r\n") ||
			status < 100 || status > 599 {
			return
		}
		b := appendStatus(nil, status)
		b = appendBlock(b, []byte("Vary: a\r\n"+name+": "+value+"\r\nAge: 1\r\n"))
		got, err := hpack.NewDecoder(0, nil).DecodeFull(b)
		if err != nil {
			t.Fatal(err)
		}
		want := 4
		if ofConnection([]byte(name)) {
			want = 3
		} else if f := got[2]; f.Name != string(appendLower(nil, []byte(name))) || f.Value != value {
			t.Errorf("%q: %q, not %q: %q", f.Name, f.Value, name, value)
		}
		if len(got) != want || got[1].Name != "vary" || got[want-1].Value != "1" {
			t.Errorf("%v", got)
		}
	})
}

// TestStaticNames: each index has the name that it stands for.
func TestStaticNames(t *testing.T) {
	known := 0
	for i := byte(1); i < 62; i++ {
		got, err := hpack.NewDecoder(0, nil).DecodeFull(append(appendName(nil, i), 0))
		if err != nil {
			t.Fatal(err)
		}
		// The names of package plan begin their words with upper-case letters, and ETag has two.
		name := []byte(strings.ReplaceAll(got[0].Name, "etag", "eTag"))
		for at := range name {
			if at == 0 || name[at-1] == '-' {
				name[at] = bytes.ToUpper(name[at : at+1])[0]
			}
		}
		if n := staticName(name); n == i {
			known++
		} else if n != 0 {
			t.Errorf("%s: %d, not %d", name, n, i)
		}
	}
	if known != 23 {
		t.Errorf("%d names are known", known)
	}
}

// TestLongHead: a block of any length becomes frames that are not too long.
func TestLongHead(t *testing.T) {
	for _, n := range []int{0, 1, maxFrame - 1, maxFrame, maxFrame + 1, 3*maxFrame - 1, 3 * maxFrame,
		100_000} {
		block := bytes.Repeat([]byte{0x82}, n)
		b := append(appendFrame([]byte("before"), http2.FrameHeaders, 0, 7, 0), block...)
		b = cutBlock(b, len("before"), http2.FlagHeadersEndStream, 7)
		r := http2.NewFramer(nil, bytes.NewReader(b[len("before"):]))
		var got []byte
		for ended := false; !ended; {
			f, err := r.ReadFrame()
			if err != nil {
				t.Fatalf("%d: %v", n, err)
			}
			switch f := f.(type) {
			case *http2.HeadersFrame:
				got, ended = append(got, f.HeaderBlockFragment()...), f.HeadersEnded()
				if !f.StreamEnded() {
					t.Errorf("%d: no END_STREAM", n)
				}
			case *http2.ContinuationFrame:
				got, ended = append(got, f.HeaderBlockFragment()...), f.HeadersEnded()
			}
			if f.Header().Length > maxFrame || f.Header().StreamID != 7 {
				t.Errorf("%d: %v", n, f)
			}
		}
		if !bytes.Equal(got, block) {
			t.Errorf("%d: %d bytes", n, len(got))
		}
	}
}
