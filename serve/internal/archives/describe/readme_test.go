package describe

import (
	"slices"
	"testing"
)

// TestReadmes: READMEs are known whatever their case, and the best comes first.
func TestReadmes(t *testing.T) {
	for name, want := range map[string]bool{"README": true, "ReadMe.TXT": true, "readme.md": true,
		"readm": false, "README.exe": false, "my readme.md": false, "": false} {
		if IsReadme(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	names := []string{"README", "readme.txt", "README.rst", "readme.md", "README.md"}
	SortReadmes(names)
	if want := []string{"README.md", "readme.md", "README.rst", "readme.txt",
		"README"}; !slices.Equal(names, want) {
		t.Error(names)
	}
}
