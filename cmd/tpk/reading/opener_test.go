package reading

import "testing"

func TestIsBelow(t *testing.T) {
	for _, c := range []struct {
		name, prefix string
		want         bool
	}{
		{"https://host/a/b.tar.gz", "https://host/a/", true},
		{"https://host/a/b.tar.gz", "https://host/a", true},
		{"https://host/a/b.tar.gz", "https://host", true},
		{"https://host/a/b.tar.gz", "https://host/a/b.tar.gz", true},
		{"s3://bucket/a/b.tar.gz", "s3://bucket/", true},
		{"https://host/ab.tar.gz", "https://host/a", false},
		{"https://host.evil/a.tar.gz", "https://host", false},
		{"https://host@evil/a.tar.gz", "https://host", false},
		{"https://host:1@evil/a.tar.gz", "https://host", false},
		{"https://host/a/../b.tar.gz", "https://host/a/", false},
		{"https://host/a/%2e%2e/b.tar.gz", "https://host/a/", false},
		{"https://host/a/..%2fb.tar.gz", "https://host/a/", false},
		{"http://host/a/b.tar.gz", "https://host/a/", false},
	} {
		if got := IsBelow(c.name, c.prefix); got != c.want {
			t.Errorf("%s below %s: %v", c.name, c.prefix, got)
		}
	}
}

func TestShownURL(t *testing.T) {
	for name, want := range map[string]string{
		"https://u:secret@host/a.tar.gz?sign=secret#x": "https://host/a.tar.gz",
		"https://host/a%20b.tar.gz":                    "https://host/a%20b.tar.gz",
		"s3://bucket/a?b.tar.gz":                       "s3://bucket/a?b.tar.gz",
	} {
		if got := ShownURL(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
