package forwarded

import (
	"net"
	"net/netip"
	"testing"
)

func trust(t testing.TB, list ...string) *Trust {
	t.Helper()
	set, bad, err := Parse(list)
	if err != nil {
		t.Fatal(bad, err)
	}
	return set
}

func TestTrust(t *testing.T) {
	set := trust(t, "10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::ffff:198.51.100.1")
	for a, want := range map[string]bool{"10.1.2.3": true, "11.0.0.1": false, "192.0.2.7": true,
		"192.0.2.8": false, "2001:db8::1": true, "2001:db9::1": false, "198.51.100.1": true,
		"::ffff:10.1.1.1": true} {
		peer := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(a), 1))
		if got := set.Trusts(peer); got != want {
			t.Errorf("%s: %t", a, got)
		}
	}
	socket := &net.UnixAddr{Name: "/s", Net: "unix"}
	if set.Trusts(socket) || !trust(t, "unix").Trusts(socket) || trust(t).Trusts(socket) ||
		trust(t).Contains(netip.MustParseAddr("10.0.0.1")) || set.Contains(netip.Addr{}) {
		t.Error("unix")
	}
	for _, bad := range []string{"", "x", "10.0.0.0/33", "10.0.0.1/8",
		"::ffff:10.0.0.0/104", "10.0.0.1:80",
		"fe80::1%eth0", "localhost", "*"} {
		if _, text, err := Parse([]string{"10.0.0.1", bad}); err == nil || text != bad {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestClient: the address furthest to the right that is no proxy is the client, whatever is on its
// left.
func TestClient(t *testing.T) {
	set := trust(t, "10.0.0.0/8", "fd00::/8")
	for _, c := range [][2]string{
		{"", "10.0.0.1"},
		{"192.0.2.1", "192.0.2.1"},
		{"198.51.100.9, 192.0.2.1", "192.0.2.1"},
		{"192.0.2.1, 10.0.0.2,10.0.0.3", "192.0.2.1"},
		{"10.9.9.9, 10.0.0.2", "10.9.9.9"},
		{"192.0.2.1:4711", "192.0.2.1"},
		{"[2001:db8::1]:4711", "2001:db8::1"}, {"[2001:db8::1]", "2001:db8::1"},
		{"2001:db8::1", "2001:db8::1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"},
		{"evil, 192.0.2.1", "192.0.2.1"},
		{"192.0.2.1, ", "10.0.0.1"}, {"192.0.2.1, 10.0.0.2, <x>", "10.0.0.1"},
		{"fe80::1%eth0", "10.0.0.1"}, {"[192.0.2.1]", "10.0.0.1"}, {"192.0.2.1:", "10.0.0.1"},
		{"192.0.2.1 , fd00::1", "192.0.2.1"}, {"2001:db8::1:x:y", "10.0.0.1"},
	} {
		if got, _ := set.Client(netip.MustParseAddr("10.0.0.1"), c[0]); got.String() != c[1] {
			t.Errorf("%q: %s, want %s", c[0], got, c[1])
		}
	}
}

// TestScheme: the scheme is what the proxy that has named the client says. What the client has sent
// is on the left of it.
func TestScheme(t *testing.T) {
	set := trust(t, "10.0.0.0/8")
	for _, c := range []struct{ addresses, schemes, want string }{
		{"192.0.2.1", "https", "https"}, {"192.0.2.1", "", ""}, {"", "https", "https"},
		{"192.0.2.1", "https, http", "http"}, {"198.51.100.1, 192.0.2.1", "https,http", "http"},
		{"192.0.2.1, 10.0.0.2", "https, http", "https"},
		{"192.0.2.1, 10.0.0.2", "http, https , http", "https"},
		{"192.0.2.1, 10.0.0.2, 10.0.0.3", "https", "https"},
		{"192.0.2.1, 10.0.0.2, 10.0.0.3", "https, http", "https"},
		{"192.0.2.1, x, 10.0.0.2", "https, http", "http"}, {"x", "https, http", "http"},
		{"10.0.0.3, 10.0.0.2", "https, http", "https"}, {"192.0.2.1", ",", ""},
	} {
		_, passed := set.Client(netip.MustParseAddr("10.0.0.1"), c.addresses)
		if got := Scheme(c.schemes, passed); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// TestClientOf has the examples of RFC 7239, and what clients may put in front of them.
func TestClientOf(t *testing.T) {
	set := trust(t, "10.0.0.0/8")
	for _, c := range [][3]string{
		{`for="_gazonk"`, "10.0.0.1", ""},
		{`For="[2001:db8:cafe::17]:4711"`, "2001:db8:cafe::17", ""},
		{`for=192.0.2.60;proto=http;by=203.0.113.43`, "192.0.2.60", "http"},
		{`for=192.0.2.43, for=198.51.100.17`, "198.51.100.17", ""},
		{`for=192.0.2.43,for="[2001:db8:cafe::17]",for=10.0.0.9`, "2001:db8:cafe::17", ""},
		{`for=192.0.2.1;proto=https, for=10.0.0.2;proto=http`, "192.0.2.1", "https"},
		{`for="192.0.2.1:_port"`, "192.0.2.1", ""},
		{`for=unknown, for=10.0.0.2`, "10.0.0.2", ""},
		{`for="evil, for=192.0.2.1`, "192.0.2.1", ""},
		{`for="evil", for="192.0.2.1"`, "192.0.2.1", ""},
		{`x\", for="192.0.2.1"`, "192.0.2.1", ""},
		{`for=192.0.2.1;host="a\",for=198.51.100.1\""`, "192.0.2.1", ""},
		{`for=192.0.2.1;host="a\\"`, "192.0.2.1", ""},
		{`for=192.0.2.1;;proto=https;`, "192.0.2.1", "https"},
		{`for=192.0.2.1;for=192.0.2.2`, "10.0.0.1", ""},
		{`proto=https`, "10.0.0.1", ""}, {`for`, "10.0.0.1", ""}, {`for=`, "10.0.0.1", ""},
		{`for="192.0.2.1`, "10.0.0.1", ""}, {`for="192.0.2.1\`, "10.0.0.1", ""},
		{`for=192.0.2.1 x`, "10.0.0.1", ""}, {"", "10.0.0.1", ""}, {`,`, "10.0.0.1", ""},
	} {
		got, proto := set.ClientOf(netip.MustParseAddr("10.0.0.1"), c[0])
		if got.String() != c[1] || proto != c[2] {
			t.Errorf("%s: %s %q, want %s", c[0], got, proto, c[1])
		}
	}
}

// FuzzFields: what a trusted proxy adds on the right is taken, whatever its client has sent.
func FuzzFields(f *testing.F) {
	for _, s := range []string{"", "192.0.2.1", `for="x`, `"\`, `a=b;c="d, e"`, ",,,"} {
		f.Add(s)
	}
	set, peer := trust(f, "10.0.0.0/8"), netip.MustParseAddr("10.0.0.1")
	want := netip.MustParseAddr("2001:db8::1")
	f.Fuzz(func(t *testing.T, sent string) {
		got, passed := set.Client(peer, sent+", 2001:db8::1, 10.0.0.2")
		if scheme := Scheme(sent+",https, http", passed); got != want || scheme != "https" {
			t.Errorf("%q: %s %s", sent, got, scheme)
		}
		got, proto := set.ClientOf(peer, sent+`, for="[2001:db8::1]:80";proto=https, for=10.0.0.2`)
		if got != want || proto != "https" {
			t.Errorf("%q: %s %s", sent, got, proto)
		}
		set.Client(peer, sent)
		set.ClientOf(peer, sent)
	})
}
