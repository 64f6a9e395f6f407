package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNotes: the text has the changes of the version alone, and what was tested, both with links
// that lead somewhere from elsewhere.
func TestNotes(t *testing.T) {
	r := fakeRelease(t)
	r.source = t.TempDir()
	put(t, filepath.Join(r.source, "CHANGELOG.md"),
		"# Changelog\n\n## Unreleased\n\n- Later\n\n## 1.2.3-rc.1 - 2027-01-15\n\n"+
			"### Added\n- This: [how](docs/b.md), [below](#more)\n\n"+
			"## 1.2.3-rc - 2027-01-14\n\n- Earlier\n")
	put(t, filepath.Join(r.source, testedFile),
		"# What was tested\n\n[Here](a.md#x), [there](https://b.example/b.md).\n\n## More\n")
	if err := r.notes(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(r.out, "tpk-1.2.3-rc.1-notes.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := homepage + "/blob/v1.2.3-rc.1/docs/"
	want := "# tpk 1.2.3-rc.1\n\nHow to [install it](" + page + "releasing.md#installing) and " +
		"[check a download](" + page + "releasing.md#checking-a-download).\n\n### Added\n- This: " +
		"[how](" + page + "b.md), [below](#more)\n\n" +
		"## What was tested\n\n[Here](" + page + "a.md#x), [there](https://b.example/b.md).\n\n" +
		"### More\n"
	if string(b) != want {
		t.Errorf("%s\nwant\n%s", b, want)
	}
}

// TestChangesOf: a trial gets what is not released, and a changelog with neither is an error.
func TestChangesOf(t *testing.T) {
	for _, c := range []struct{ changelog, want string }{
		{"## Unreleased\n\n- New\n\n## 1.0.0\n\n- Old\n", "- New"},
		{"## Unreleased\n\n- New\n", "- New"},
		{"## Unreleased\n\n- New\n\n## 1.2.0 - 2027-01-15\n- Right\n", "- Right"},
	} {
		if got, err := changesOf(c.changelog, "1.2.0"); err != nil || got != c.want {
			t.Errorf("%q: %q, %v, want %q", c.changelog, got, err, c.want)
		}
	}
	got, err := changesOf("## 1.2.00\n- A\n", "1.2.0")
	if err == nil || !strings.Contains(err.Error(), "1.2.0") {
		t.Errorf("%q, %v", got, err)
	}
}
