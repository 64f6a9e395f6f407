package web

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseNetrc(t *testing.T) {
	for _, test := range []struct {
		text string
		want netrc
		err  string
	}{
		{"", nil, ""},
		{"machine h login u password p", netrc{{"h", "u", "p"}}, ""},
		{"machine h\n\tlogin u\r\n\tpassword p\naccount x\n", netrc{{"h", "u", "p"}}, ""},
		{"machine h password p login u\ndefault login a password b",
			netrc{{"h", "u", "p"}, {"", "a", "b"}}, ""},
		{"# a comment machine x\n  # another\nmachine h # login\n", netrc{{machine: "h"}}, ""},
		{"machine h login \"#u\" password p#q", netrc{{"h", "#u", "p#q"}}, ""},
		{`machine h login "a b" password "x\"y\\z\n"`, netrc{{"h", "a b", "x\"y\\z\n"}}, ""},
		{`machine h password ""`, netrc{{"h", "", ""}}, ""},
		{"macdef init\ncd /x\nmachine no\n\nmachine h login u", netrc{{"h", "u", ""}}, ""},
		{"macdef init\nto the end", nil, ""},
		{"machine login password machine", netrc{{"login", "", "machine"}}, ""},
		{"machine", nil, "line 1: a value is missing"},
		{"\n\nmachine h\nlogin", nil, "line 4: a value is missing"},
		{"login u", nil, "line 1: login before the first machine"},
		{"\nsecret", nil, "line 2: neither machine, default, login, password, account nor macdef"},
		{"machine h password \"secret\n\"", nil, "line 1: a quote does not end"},
		{`machine "" login u`, nil, "line 1: machine without a name"},
	} {
		n, err := parseNetrc([]byte(test.text))
		switch {
		case test.err != "":
			if err == nil || err.Error() != test.err {
				t.Errorf("%q: %v", test.text, err)
			}
		case err != nil || !reflect.DeepEqual(n, test.want):
			t.Errorf("%q: %q, %v", test.text, n, err)
		}
	}
}

func TestFindLogin(t *testing.T) {
	n, err := parseNetrc([]byte("machine Host login a password 1 machine host login b password 2 " +
		"default login c password 3"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ host, user, want string }{
		{"host", "", "1"}, {"HOST", "b", "2"}, {"host", "c", "3"}, {"sub.host", "", "3"},
		{"other", "a", ""},
	} {
		l, found := n.find(test.host, test.user)
		if l.password != test.want || found != (test.want != "") {
			t.Errorf("%+v: %+v, %v", test, l, found)
		}
	}
}

// No file makes the parser fail in another way than with an error, or show what is in it.
func FuzzParseNetrc(f *testing.F) {
	f.Add("machine h login u password \"p\\\"q\"\nmacdef x\ny\n\ndefault account z #")
	f.Add("machine h login u password ")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseNetrc([]byte(text))
		if err != nil && n != nil {
			t.Error(n, err)
		}
		words := strings.Count(text, "machine") + strings.Count(text, "default")
		if len(n) > words {
			t.Errorf("%d entries", len(n))
		}
	})
}
