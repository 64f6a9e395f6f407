package forwarded

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// two returns a header of version 2.
func two(command, family byte, body string) string {
	b := append([]byte(versionTwo), command, family)
	return string(binary.BigEndian.AppendUint16(b, uint16(len(body)))) + body
}

const (
	ipv4Body = "\xc0\x00\x02\x01\x0a\x00\x00\x01\x12\x34\x01\xbb"
	sslTLV   = "\x20\x00\x05\x01\x00\x00\x00\x00"
)

var ipv6Body = "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01" +
	strings.Repeat("\x00", 16) + "\x12\x34\x01\xbb"

func TestParseIntroduction(t *testing.T) {
	for _, c := range []struct {
		sent   string
		named  bool
		client string // "" of a Unix socket
		err    error
	}{
		{"PROXY TCP4 192.0.2.1 10.0.0.1 4660 443\r\n", true, "192.0.2.1:4660", nil},
		{"PROXY TCP6 2001:db8::1 ::1 4660 443\r\n", true, "[2001:db8::1]:4660", nil},
		{"PROXY TCP6 ::ffff:192.0.2.1 ::1 4660 443\r\n", true, "192.0.2.1:4660", nil},
		{"PROXY UNKNOWN\r\n", false, "", nil},
		{"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", false, "", nil},
		{"PROXY TCP4 192.0.2.1 10.0.0.1 4660 443", false, "", ErrMore},
		{"PROXY TCP4 192.0.2.1 10.0.0.1 4660 443\n", false, "", ErrMore},
		{"PROXY TCP4 2001:db8::1 ::1 1 2\r\n", false, "", ErrMalformed},
		{"PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n", false, "", ErrMalformed},
		{"PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n", false, "", ErrMalformed},
		{"PROXY TCP4 192.0.2.1 10.0.0.1 +1 2\r\n", false, "", ErrMalformed},
		{"PROXY TCP4  192.0.2.1 10.0.0.1 1 2\r\n", false, "", ErrMalformed},
		{"PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n", false, "", ErrMalformed},
		{"PROXY TCP4 192.0.2.1 x 1 2\r\n", false, "", ErrMalformed},
		{"PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n", false, "", ErrMalformed},
		{"PROXY \r\n", false, "", ErrMalformed},
		{"PROXY " + strings.Repeat("x", 101), false, "", ErrMalformed},
		{two(0x21, 0x11, ipv4Body), true, "192.0.2.1:4660", nil},
		{two(0x21, 0x21, ipv6Body), true, "[2001:db8::1]:4660", nil},
		{two(0x21, 0x31, strings.Repeat("x", 216)), true, "", nil},
		{two(0x21, 0x11, ipv4Body+sslTLV), true, "192.0.2.1:4660", nil},
		{two(0x20, 0x00, ""), false, "", nil}, {two(0x20, 0x11, ipv4Body), false, "", nil},
		{two(0x21, 0x00, "whatever"), false, "", nil}, {two(0x21, 0x71, ""), false, "", nil},
		{two(0x21, 0x11, ipv4Body[1:]), false, "", ErrMalformed},
		{two(0x21, 0x11, ipv4Body+"\x20"), false, "", ErrMalformed},
		{two(0x21, 0x11, ipv4Body+"\x20\xff\xff\x01"), false, "", ErrMalformed},
		{two(0x22, 0x11, ipv4Body), false, "", ErrMalformed},
		{two(0x11, 0x11, ipv4Body), false, "", ErrMalformed},
		{two(0x21, 0x11, strings.Repeat("x", 5000)), false, "", ErrMalformed},
		{two(0x21, 0x11, ipv4Body)[:20], false, "", ErrMore}, {versionTwo[:5], false, "", ErrMore},
	} {
		in, n, err := ParseIntroduction([]byte(c.sent))
		client := ""
		if in.Client.IsValid() {
			client = in.Client.String()
		}
		if !errors.Is(err, c.err) || in.Named != c.named || client != c.client ||
			err == nil && n != len(c.sent) {
			t.Errorf("%q: %+v, %d, %v", c.sent, in, n, err)
		}
		if in.Own != (err == nil && strings.HasPrefix(c.sent, versionTwo+"\x20")) {
			t.Errorf("%q: the proxy's own: %t", c.sent, in.Own)
		}
		if in.Secure != strings.HasSuffix(c.sent, sslTLV) {
			t.Errorf("%q: secure %t", c.sent, in.Secure)
		}
		if err != nil {
			continue
		}
		for k := range len(c.sent) { // it comes in two pieces
			if _, _, err := ParseIntroduction([]byte(c.sent[:k])); k > 0 && !errors.Is(err, ErrMore) {
				t.Errorf("%q: %v", c.sent[:k], err)
			}
		}
		if _, m, err := ParseIntroduction([]byte(c.sent + "GET / HTTP/1.1\r\n")); m != n || err != nil {
			t.Errorf("%q with a request: %d, %v", c.sent, m, err)
		}
	}
	for _, other := range []string{"GET / HTTP/1.1\r\n", "PROXYX", "PRI * HTTP/2.0", "\x16\x03\x01",
		"\r\nGET", "\r\n\r\n\x00\r\nQUIX", "PUT "} {
		if in, n, err := ParseIntroduction([]byte(other)); in.Named || n != 0 || err != nil {
			t.Errorf("%q: %+v, %d, %v", other, in, n, err)
		}
	}
}

// FuzzParseIntroduction: a header is a prefix that is found whatever follows, and is bounded.
func FuzzParseIntroduction(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.0.2.1 10.0.0.1 4660 443\r\n"))
	f.Add([]byte(two(0x21, 0x21, ipv6Body+sslTLV)))
	f.Add([]byte("PROXY UNKNOWN\r\nGET /"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, n, err := ParseIntroduction(b)
		if n > len(b) || n > versionTwoSize || err != nil && n != 0 || in.Named && n == 0 {
			t.Fatalf("%+v, %d, %v", in, n, err)
		}
		if errors.Is(err, ErrMore) && len(b) >= versionTwoSize {
			t.Fatal("it is never complete")
		}
		if err == nil && n > 0 {
			if again, m, err := ParseIntroduction(b[:n]); again != in || m != n || err != nil {
				t.Fatalf("alone: %+v, %d, %v", again, m, err)
			}
		}
	})
}
