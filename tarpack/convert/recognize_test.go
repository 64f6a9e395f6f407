package convert_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/convert"
)

func TestRecognizes(t *testing.T) {
	var tarball, zipped bytes.Buffer
	tw := tar.NewWriter(&tarball)
	zw := zip.NewWriter(&zipped)
	if err := tw.WriteHeader(&tar.Header{Name: "a", Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := zw.Create("a"); err != nil {
		t.Fatal(err)
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	gz := func(content string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	compressed := gz(tarball.String())
	for _, c := range []struct {
		name, content string
		want          bool
	}{
		{"empty", "", false},
		{"text", "some text\n", false},
		{"long text", strings.Repeat("some text\n", 1000), false},
		{"a tar", tarball.String(), true},
		{"an empty tar", strings.Repeat("\x00", 10240), true},
		{"the beginning of a header", tarball.String()[:100], false},
		{"a zip", zipped.String(), true},
		{"a zip behind a script", "#!/usr/bin/python3\n" + zipped.String(), true},
		{"a tar.gz", compressed, true},
		{"a tar.gz with a damaged header", compressed[:2] + "\x09" + compressed[3:], true},
		{"a tar.gz that is cut off", compressed[:len(compressed)-9], true},
		{"a gzip file of text", gz(strings.Repeat("text", 1000)), false},
		{"a gzip file of little text", gz("text"), false},
		{"bzip2's magic number, and no block", "BZh9xxxxxxxxxxxxxxxx", true},
	} {
		got := convert.Recognizes(strings.NewReader(c.content), int64(len(c.content)))
		if got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
