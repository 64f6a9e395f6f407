package siterules

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
)

// FuzzRedirects: no line leads to a response with another header field, or by a relative reference
// to another host.
func FuzzRedirects(f *testing.F) {
	f.Add([]byte("/a/* /b/:splat 301\n/c id=:id /d/:id?x=:id#:id 302!"), "a/b", "id=%2F%2Fe", false)
	f.Add([]byte("/:a/*.x https://e.example/:a?:splat\n/* / 200"), "a/b.x", "", true)
	f.Add([]byte("http://h.example/* //x\n/x /x/"), "x", "\r\n", true)
	f.Fuzz(func(t *testing.T, file []byte, path, query string, slash bool) {
		s, problems := Parse(file, nil, Options{})
		for _, p := range problems {
			if p.Line > bytes.Count(file, []byte("\n"))+1 || strings.ContainsAny(p.String(), "\r\n") {
				t.Fatalf("%v", p)
			}
		}
		r := &Request{Path: path, Slash: slash, Query: query, Host: "h.example"}
		var a Answer
		if !s.Answer(r, false, &a) {
			return
		}
		for _, c := range a.Location {
			if c <= ' ' || c >= 0x7f || c == '\\' || c == '"' {
				t.Fatalf("%q", a.Location)
			}
		}
		if len(a.Location) == 0 || a.Absolute {
			return
		}
		base := &url.URL{Scheme: "http", Host: "h.example", Path: "/dir/file"}
		if u, err := url.Parse("./" + string(a.Location)); err != nil ||
			base.ResolveReference(u).Host != "h.example" {
			t.Fatalf("%q: %v", a.Location, err)
		}
	})
}

// FuzzHeaders: each line is one valid header field, and none that a site can't set.
func FuzzHeaders(f *testing.F) {
	f.Add([]byte("/a/*\n X-A: :splat\n! X-B\n/:x\n Set-Cookie: a\n ETag: b"), "a/b")
	f.Add([]byte("/*\n Cache-Control: a\n Content-Type: text/css\n/b\n ! Cache-Control"), "b")
	f.Fuzz(func(t *testing.T, file []byte, path string) {
		s, _ := Parse(nil, file, Options{})
		var out Fields
		if !s.Fields(&Request{Path: path}, nil, &out) {
			return
		}
		for _, text := range [][]byte{out.Type, out.CacheControl} {
			if bytes.ContainsAny(text, "\r\n\x00") {
				t.Fatalf("%q", text)
			}
		}
		for line := range strings.Lines(string(out.Lines)) {
			name, value, ok := strings.Cut(strings.TrimSuffix(line, "\r\n"), ": ")
			if !ok || !strings.HasSuffix(line, "\r\n") || strings.ContainsAny(value, "\r\n\x00") ||
				allowed(name, Options{}) != "" {
				t.Fatalf("%q", line)
			}
		}
		if len(out.Lines) > maxFieldBytes+maxFields*len(": \r\n") {
			t.Fatal(len(out.Lines))
		}
	})
}
