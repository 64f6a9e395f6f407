package ascii

import "testing"

// TestValidAuthority: the examples are those of RFC 3986 §1.1.2, §3.2.2 and RFC 9110 §4.2.1, and
// some that break one rule each.
func TestValidAuthority(t *testing.T) {
	for s, want := range map[string]bool{
		"example.com": true, "example.com:80": true, "example.com:": true, "a": true,
		"localhost:8080": true, "192.0.2.16:80": true, "my_host": true, "a%20b": true, "a,b": true,
		"xn--bcher-kva.example": true, "a.": true, "!$&'()*+,;=~": true,
		"[2001:db8::7]": true, "[::1]:8080": true, "[::ffff:192.0.2.1]": true, "[::1]:": true,
		"[v1.fe80:a]": true, "[vA.a]:1": true,

		"": false, ":80": false, ":": false, "a:b": false, "a:80:80": false, "a:-1": false,
		"a:80a": false, "::1": false, "2001:db8::7": false, "a/b": false, "user@a": false,
		"a?b": false, "a#b": false, "a b": false, `a\b`: false, "a%": false, "a%2": false,
		"a%zz": false, "<a>": false, "a\"": false, "{a}": false, "a|b": false, "a^b": false,
		"\xc3\xbc": false, "a\x00": false, "a\x7f": false,
		"[": false, "[]": false, "[::1": false, "::1]": false, "[::1]a": false, "[::1]80": false,
		"[1.2.3.4]": false, "[a]": false, "[::1%25lo]": false, "[fe80::1%lo]": false,
		"[v.a]": false, "[v1.]": false, "[v1]": false, "[vg.a]": false, "[v1.a/]": false,
		"a[::1]": false, "[::1]]": false, "[[::1]]": false,
	} {
		if got := ValidAuthority(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
		if got := ValidAuthority([]byte(s)); got != want {
			t.Errorf("bytes %q: %v", s, got)
		}
	}
}
