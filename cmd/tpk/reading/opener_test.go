package reading

import "testing"

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
