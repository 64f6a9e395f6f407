package tree

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// write returns a Node as JSON.
func write(n *Node) string {
	var parts []string
	for _, child := range n.Nodes {
		part := write(child)
		if n.Kind == Object {
			part = child.Key + ":" + part
		}
		parts = append(parts, part)
	}
	if n.Count > len(n.Nodes) {
		parts = append(parts, fmt.Sprintf("%d more", n.Count-len(n.Nodes)))
	}
	switch n.Kind {
	case Object:
		return "{" + strings.Join(parts, ",") + "}"
	case Array:
		return "[" + strings.Join(parts, ",") + "]"
	}
	return n.Text
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"b":1,"a":2,"b":3}`, `{"b":1,"a":2,"b":3}`},
		{` [ 123456789012345678901234567890 , 1.000 , -0e5 ] `,
			`[123456789012345678901234567890,1.000,-0e5]`},
		{`["ä\u00e4","\n","<\/script>&"]`, `["ää","\n","</script>&"]`},
		{`null`, `null`}, {`true`, `true`}, {`"x"`, `"x"`}, {`{}`, `{}`}, {`[]`, `[]`},
		{`{"":{"":[]}}`, `{"":{"":[]}}`},
		{strings.Repeat("[", 200) + "1,2" + strings.Repeat("]", 200),
			strings.Repeat("[", 101) + "1 more" + strings.Repeat("]", 101)},
	} {
		n, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := write(n); got != c.want {
			t.Errorf("%s: %s", c.text, got)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
	}{
		{"{\n  \"a\": 1,\n  \"ä\": x\n}", 3, 8},
		{"// a comment\n{}", 1, 1},
		{"{\"a\": 1,}", 1, 9},
		{"[1, 2", 1, 6},
		{"{}\n{}", 2, 1},
		{"", 1, 1},
		{"[1 2]", 1, 4},
		{"{'a': 1}", 1, 2},
		{"[\"a\nb\"]", 1, 4},
	} {
		_, err := Parse(c.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: %v", c.text, err)
		} else if syntax.Line != c.line || syntax.Column != c.column {
			t.Errorf("%q: %v, want %d, %d", c.text, err, c.line, c.column)
		}
	}
}

func TestLines(t *testing.T) {
	n, err := ParseLines("{\"a\":1}\n\n[2]\r\n3\n{\"cut", true)
	if err != nil || write(n) != `[{"a":1},[2],3]` {
		t.Errorf("%v, %v", n, err)
	}
	_, err = ParseLines("1\n2\n{\n}\n", false)
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 3 {
		t.Error(err)
	}
	n, err = ParseLines(strings.Repeat("[1]\n", MaxNodes), false)
	if err != nil || n.Count != MaxNodes || len(n.Nodes) > MaxNodes/2+1 {
		t.Errorf("%d of %d, %v", len(n.Nodes), n.Count, err)
	}
}

func TestLimits(t *testing.T) {
	n, err := Parse("[" + strings.Repeat("1,", 3*MaxNodes) + "1]")
	if err != nil || n.Count != 3*MaxNodes+1 || len(n.Nodes) != MaxNodes-1 {
		t.Errorf("%d of %d, %v", len(n.Nodes), n.Count, err)
	}
	n, err = Parse(`"` + strings.Repeat("ä", 2*MaxString) + `"`)
	if err != nil || n.Text != `"`+strings.Repeat("ä", MaxString)+`…"` {
		t.Errorf("%d bytes, %v", len(n.Text), err)
	}
}

func TestUnfold(t *testing.T) {
	n, err := Parse(`{"small":{"x":[1,2]},"large":[` + strings.Repeat("0,", 500) + `0]}`)
	if err != nil {
		t.Fatal(err)
	}
	Unfold(n)
	small, large := n.Nodes[0], n.Nodes[1]
	if !n.Open || !small.Open || !small.Nodes[0].Open || large.Open {
		t.Errorf("%v %v %v %v", n.Open, small.Open, small.Nodes[0].Open, large.Open)
	}
}

// FuzzParse compares the tree with encoding/json.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.50,"x\ud800",null,true]}`, `[1,]`, `{"a"`, `"\u00e4"`, `1 2`,
		strings.Repeat("[", 150) + strings.Repeat("]", 150)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		var syntax *SyntaxError
		if err != nil && !errors.As(err, &syntax) {
			t.Fatalf("%T", err)
		}
		if (err == nil) != json.Valid([]byte(text)) {
			t.Fatalf("valid: %v, but %v", err != nil, err)
		}
		if err != nil {
			return
		}
		Unfold(n)
		written := write(n)
		if strings.Contains(written, "more") || strings.Contains(written, "…") {
			return
		}
		var want, got any
		if json.Unmarshal([]byte(text), &want) != nil {
			return // a number that no float64 has
		}
		if err := json.Unmarshal([]byte(written), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: %v", written, err)
		}
	})
}
