package choice

import (
	"reflect"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		query, want string // want: the query of the choice; "!": an error; "": no choice
	}{
		{"", ""}, {"list&download=zip", ""}, {"list&sort=name", ""}, {"of=1", ""},
		{"of=1&n=3", "of=1&n=3"}, {"n=3&of=a%26b&list", "of=a%26b&n=3"},
		{"of=1&n=5,3,4", "of=1&n=3-5"}, {"of=1&n=3-9&n=4&n=11-12&n=10", "of=1&n=3-12"},
		{"of=1&n=7-7,0", "of=1&n=0,7"}, {"of=1&n=0-2147483647", "of=1&n=0-2147483647"},
		{"name=a/b&name=%C3%BC+x", "name=a%2Fb&name=%C3%BC+x"}, {"name=d/", "name=d"},
		{"name=a&of=1&n=1", "of=1&n=1&name=a"},
		{"n=3", "!"}, {"of=1&n=", "!"}, {"of=1&n=3,", "!"}, {"of=1&n=-3", "!"}, {"of=1&n=3-", "!"},
		{"of=1&n=4-3", "!"}, {"of=1&n=2147483648", "!"}, {"of=1&n=x", "!"}, {"of=1&n=1-2-3", "!"},
		{"name=", "!"}, {"name=/etc", "!"}, {"name=/", "!"}, {"name=%zz", "!"}, {"of=1&n=+3", "!"},
		{"name=..", "!"}, {"name=../x", "!"}, {"name=a/%2e%2e/x", "!"}, {"name=.", "!"},
		{"name=a/./b", "!"}, {"name=a//b", "!"}, {"name=a//", "name=a"}, {"name=//", "!"},
		{"name=a/..", "!"},
		{"name=...&name=.a", "name=...&name=.a"},
	} {
		got, ok, err := Parse(c.query)
		switch {
		case c.want == "!":
			if err == nil || ok {
				t.Errorf("%q: %+v, %v", c.query, got, ok)
			}
		case err != nil || ok != (c.want != "") || got.Query() != c.want:
			t.Errorf("%q: %q, %v, %v; want %q", c.query, got.Query(), ok, err, c.want)
		}
	}
}

// FuzzParse: what is read is in order, and is read again from what is written.
func FuzzParse(f *testing.F) {
	f.Add("of=1&n=5,3,4-9&name=a%2Fb")
	f.Add("n=0-2147483647,7&of=&name=/")
	f.Add("of=1&set=" + packSet([]Range{{0, 0}, {2, 5}, {300, maxNumber}}))
	f.Fuzz(func(t *testing.T, query string) {
		c, ok, err := Parse(query)
		if !ok || err != nil {
			return
		}
		last := -2
		for _, r := range c.Ranges {
			if r.First < 0 || r.Last < r.First || r.First <= last+1 {
				t.Fatalf("%q: %v", query, c.Ranges)
			}
			last = r.Last
		}
		again, ok, err := Parse(c.Query())
		if !ok || err != nil || again.Query() != c.Query() ||
			!reflect.DeepEqual(again.Names, c.Names) || len(again.Ranges) != len(c.Ranges) {
			t.Fatalf("%q: %+v, then %+v, %v", query, c, again, err)
		}
	})
}
