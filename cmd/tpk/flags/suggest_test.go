package flags

import "testing"

// Distances of the literature: kitten and sitting, Saturday and Sunday (Wagner and Fischer 1974),
// and ca and abc, which differ by 3 in the optimal string alignment distance.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"kitten", "sitting", 3}, {"Saturday", "Sunday", 3}, {"ca", "abc", 3}, {"", "abc", 3},
		{"abc", "", 3}, {"verfiy", "verify", 1}, {"same", "same", 0},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"pack", "ls", "cat", "extract", "verify", "add", "rm", "serve", "update"}
	for word, want := range map[string]string{
		"verfiy": "verify", "extrct": "extract", "pakc": "pack", "serv": "serve", "upadte": "update",
		"updates": "update", "frobnicate": "", "x": "", "": "", "site.tar.gz": "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
