package choice

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// chosen returns the ranges of the numbers below n that a function chooses.
func chosen(n int, chooses func(i int) bool) []Range {
	var ranges []Range
	for i := range n {
		if chooses(i) {
			ranges = append(ranges, Range{i, i})
		}
	}
	return merge(ranges)
}

// TestSet: what a query of many numbers has is read again, and it has room in an address, even if
// no rule tells which numbers they are.
func TestSet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, ranges := range map[string][]Range{
		"every second of 20,000": chosen(20_000, func(i int) bool { return i%2 == 0 }),
		"every second of 65,000": chosen(65_000, func(i int) bool { return i%2 == 1 }),
		"a half of 20,000":       chosen(20_000, func(int) bool { return random.IntN(2) == 0 }),
		"a tenth of 20,000":      chosen(20_000, func(int) bool { return random.IntN(10) == 0 }),
		"nine tenths of 20,000":  chosen(20_000, func(int) bool { return random.IntN(10) > 0 }),
	} {
		c := Choice{Of: "0123456789abcdef", Ranges: ranges}
		query := c.Query()
		if len(query) > 8000 || !strings.Contains(query, "&set=") {
			t.Errorf("%s: %d characters", name, len(query))
		}
		t.Logf("%s: %d characters", name, len(query))
		got, ok, err := Parse("list&download=zip&" + query)
		if !ok || err != nil || got.Of != c.Of || !slices.Equal(got.Ranges, ranges) {
			t.Errorf("%s: %v, %v: not the same", name, ok, err)
		}
	}
}

// TestSetForms: a set may be beside numbers and names. Its layout is the one that is documented.
func TestSetForms(t *testing.T) {
	set := deflated([]byte{3, 0, 1, 2, 0x80, 0x01, 5}) // 3, 5-7, 136-141
	c, ok, err := Parse("of=1&name=a&n=4&set=" + set)
	want := []Range{{3, 7}, {136, 141}}
	if !ok || err != nil || !slices.Equal(c.Ranges, want) || c.Query() != "of=1&n=3-7,136-141&name=a" {
		t.Errorf("%v, %v, %v", c, ok, err)
	}
	c, _, err = Parse("of=1&set=Y2bgvc_IyQAA") // of the package comment
	if want := "of=1&n=3,17-240,250"; err != nil || c.Query() != want {
		t.Errorf("%v, %v, want %s", c, err, want)
	}
	if got, err := unpackSet(packSet(want)); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestSetRefused: damaged sets, those that inflate to much, and numbers beyond the highest.
func TestSetRefused(t *testing.T) {
	for name, set := range map[string]string{
		"empty": "", "nothing in it": deflated(nil), "no Base64": "?", "padding": deflated(nil) + "==",
		"no DEFLATE": base64.RawURLEncoding.EncodeToString([]byte("hello, world")),
		"cut short":  deflated(bytes.Repeat([]byte{1, 1}, 100))[:6],
		"odd":        deflated([]byte{1}), "an unfinished number": deflated([]byte{1, 0x80}),
		"a large number":  deflated([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0}),
		"a large sum":     deflated([]byte{0xff, 0xff, 0xff, 0xff, 0x07, 1}),
		"eleven bytes":    deflated(append(bytes.Repeat([]byte{0x80}, 10), 1, 1)),
		"a large content": deflated(make([]byte, maxSet+2)),
	} {
		if _, ok, err := Parse("of=1&set=" + set); err == nil || ok {
			t.Errorf("%s is read", name)
		}
	}
	if _, _, err := Parse("set=" + deflated([]byte{1, 1})); err == nil {
		t.Error("a set without a validator is read")
	}
	if _, ok, err := Parse("of=1&set=" + deflated(make([]byte, maxSet))); !ok || err != nil {
		t.Error("the largest set is not read")
	}
}

func deflated(b []byte) string {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(out.Bytes())
}
