package siterules

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRules asks 2,000 lines of _redirects and 200 blocks of _headers for the answer to one
// request, for whose path there is none, or one at the end.
func BenchmarkRules(b *testing.B) {
	var redirects, headers strings.Builder
	for i := range 1900 {
		fmt.Fprintf(&redirects, "/old/%d/page /new/%d 301\n", i, i)
	}
	for i := range 99 {
		fmt.Fprintf(&redirects, "/section%d/* /s/%d/:splat 302\n", i, i)
		fmt.Fprintf(&headers, "/section%d/*\n X-Section: %d\n/old/%d/page\n X-Old: 1\n", i, i, i)
	}
	redirects.WriteString("/:user/profile /users/:user 301\n")
	headers.WriteString("/*\n X-Frame-Options: DENY\n")
	s, problems := Parse([]byte(redirects.String()), []byte(headers.String()), Options{})
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	var a Answer
	var f Fields
	for _, path := range []string{"old/1899/page", "section98/a/b", "me/profile", "a/missing/page"} {
		r := &Request{Path: path}
		b.Run("redirect/"+path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Answer(r, false, &a)
			}
		})
		b.Run("fields/"+path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Fields(r, nil, &f)
			}
		})
	}
	var worst strings.Builder
	for i := range maxDynamic {
		fmt.Fprintf(&worst, "/*/%d/:a/:b /x\n", i)
	}
	s, _ = Parse([]byte(worst.String()), nil, Options{})
	r := &Request{Path: strings.Repeat("a/", 100) + "c/d/e"}
	b.Run("worst", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Answer(r, false, &a)
		}
	})
}
