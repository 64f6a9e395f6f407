package reading

import "testing"

func TestPrefixes(t *testing.T) {
	for _, c := range []struct {
		name, prefix string
		want         bool
	}{
		{"https://host/a/b.tar.gz", "https://host/a/", true},
		{"https://host/a/b.tar.gz", "https://host/a", true},
		{"https://host/a/b.tar.gz", "https://host", true},
		{"https://host/a/b.tar.gz", "https://host/", true},
		{"https://host/a/b.tar.gz", "https://host/a/b.tar.gz", true},
		{"https://host/a/b.tar.gz?sign=x", "https://host/a/", true},
		{"https://host/a%20b/c.tar.gz", "https://host/a b/", true},
		{"https://host/%61/b.tar.gz", "https://host/a/", true},
		{"HTTPS://HOST/a/b.tar.gz", "https://host/a/", true},
		{"https://host:443/a/b.tar.gz", "https://host/a/", true},
		{"https://host/a/b.tar.gz", "https://host:443/a/", true},
		{"http://host:80/a/b.tar.gz", "http://host/a/", true},
		{"http://[::1]:8080/a/b.tar.gz", "http://[::1]:8080/a/", true},
		{"https://u:p@host/a/b.tar.gz", "https://u:p@host/a/", true},
		{"https://host/a/..b/c..tar.gz", "https://host/a/", true},
		{"s3://bucket/a/b.tar.gz", "s3://bucket/", true},
		{"s3://bucket/a/b.tar.gz", "s3://bucket", true},
		{"s3://bucket/a/b%2e.tar.gz", "s3://bucket/a/", true},

		{"https://host/ab.tar.gz", "https://host/a", false},
		{"https://host/a", "https://host/a/", false},
		{"https://host/b/a.tar.gz", "https://host/a/", false},
		{"https://host/A/b.tar.gz", "https://host/a/", false},
		{"https://host.evil/a.tar.gz", "https://host", false},
		{"https://host.evil/a.tar.gz", "https://host/", false},
		{"https://evil/host/a.tar.gz", "https://host", false},
		{"https://evil/https://host/a.tar.gz", "https://host", false},
		{"https://evil.host/a.tar.gz", "https://host", false},
		{"https://host@evil/a.tar.gz", "https://host", false},
		{"https://host:1@evil/a.tar.gz", "https://host", false},
		{"https://host:8443/a.tar.gz", "https://host", false},
		{"https://host:80/a.tar.gz", "https://host", false},
		{"https://host/a.tar.gz", "https://host:8443", false},
		{"https://u:p@host/a.tar.gz", "https://host", false},
		{"https://host/a.tar.gz", "https://u:p@host", false},
		{"https://host/a/../b.tar.gz", "https://host/a/", false},
		{"https://host/a/./b.tar.gz", "https://host/a/", false},
		{"https://host/a/%2e%2e/b.tar.gz", "https://host/a/", false},
		{"https://host/a/.%2E/b.tar.gz", "https://host/a/", false},
		{"https://host/a/%252e%252e/b.tar.gz", "https://host/a/", false},
		{"https://host/a/..%2fb.tar.gz", "https://host/a/", false},
		{"https://host/a/..%5cb.tar.gz", "https://host/a/", false},
		{`https://host/a/..\b.tar.gz`, "https://host/a/", false},
		{"https://host/a/%00b.tar.gz", "https://host/a/", false},
		{"https://host/a/%0ab.tar.gz", "https://host/a/", false},
		{"https://host/a//b.tar.gz", "https://host/a/", false},
		{"https://host//a/b.tar.gz", "https://host/a/", false},
		{"https:///a/b.tar.gz", "https://host/a/", false},
		{"https://host\\@evil/b.tar.gz", "https://host/", false},
		{"http://host/a/b.tar.gz", "https://host/a/", false},
		{"ftp://host/a/b.tar.gz", "https://host/a/", false},
		{"/a/b.tar.gz", "https://host/a/", false},
		{"s3://bucket2/a.tar.gz", "s3://bucket", false},
		{"s3://bucket/ab.tar.gz", "s3://bucket/a", false},
		{"s3://bucket/a/../b.tar.gz", "s3://bucket/a/", false},
		{"s3://bucket/a/%2e%2e/b.tar.gz", "s3://bucket/a/", false},
		{"https://bucket/a.tar.gz", "s3://bucket", false},
	} {
		var p Prefixes
		if err := p.Add(c.prefix); err != nil {
			t.Errorf("%s: %v", c.prefix, err)
		}
		if got := p.Has(c.name); got != c.want {
			t.Errorf("%s below %s: %v", c.name, c.prefix, got)
		}
	}
	for _, bad := range []string{"", "host", "/dir", "ftp://host", "https://", "https://host/a?b",
		"https://host/..", "https://host/a/%2e%2e/", "s3://", "https://host:port/"} {
		var p Prefixes
		if p.Add(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if (&Prefixes{}).Has("https://host/a") {
		t.Error("nothing was allowed")
	}
}
