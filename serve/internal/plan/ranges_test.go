package plan

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func TestRanges(t *testing.T) {
	many := "bytes=" + strings.TrimSuffix(strings.Repeat("0-0,", 1000), ",")
	for _, c := range []struct {
		value string
		size  int64
		want  string // of parts, or the status
	}{
		{"bytes=0-4", 10, "0+5"},
		{"bytes=2-", 10, "2+8"},
		{"bytes=-5", 10, "5+5"},
		{"bytes=-15", 10, "0+10"},
		{"bytes=3-7", 10, "3+5"},
		{"bytes=0-0,-2", 10, "0+1 8+2"},
		{"bytes=0-1,5-8", 10, "0+2 5+4"},
		{"bytes=0-1,5-", 10, "0+2 5+5"},
		{"bytes=5-1000", 10, "5+5"},
		{"bytes=0-,1-,2-,3-,4-", 10, "200"},
		{"bytes=0-9", 10, "0+10"},
		{"bytes=0-10", 10, "0+10"},
		{"bytes=10-11", 10, "416"},
		{"bytes=10-", 10, "416"},
		{"bytes=-0", 10, "416"},
		{"bytes=9-9,10-", 10, "9+1"},
		{"bytes=20-,-0", 10, "416"},
		{"BYTES = 0-4", 10, "0+5"},
		{"bytes= 0 - 4 , 6-7", 10, "0+5 6+2"},
		{"bytes=,,0-1,,", 10, "0+2"},
		{"bytes=", 10, "200"},
		{"bytes=,", 10, "200"},
		{"bytes=-", 10, "200"},
		{"bytes=a-b", 10, "200"},
		{"bytes=1", 10, "200"},
		{"bytes=4-2", 10, "200"},
		{"bytes=0-1,4-2", 10, "200"},
		{"bytes=--5", 10, "200"},
		{"bytes=+1-2", 10, "200"},
		{"bytes=0x1-2", 10, "200"},
		{"items=0-4", 10, "200"},
		{"0-4", 10, "200"},
		{"bytes:0-4", 10, "200"},
		{"bytes=0-99999999999999999999999", 10, "0+10"},
		{"bytes=-99999999999999999999999", 10, "0+10"},
		{"bytes=99999999999999999999999-", 10, "416"},
		{"bytes=18446744073709551615-18446744073709551616", 10, "416"},
		{"bytes=9223372036854775807-", 10, "416"},
		{"bytes=0-9223372036854775807", 10, "0+10"},
		{many, 10000, "200"},
		{"bytes=0-0,1-1", 2, "0+1 1+1"},
		{"bytes=0-", 0, "200"},
		{"bytes=-1", 0, "200"},
		{"bytes=5-6", 0, "200"},
	} {
		tree := &fakeTree{nodes: map[string]Node{"f": file(c.size, 100, Deflate)}}
		p := ask(t, planner(t, Options{}), tree, "GET", "/f", "Range: "+c.value)
		got := strconv.Itoa(p.Status)
		if p.Status == 206 {
			var s []string
			for _, part := range p.parts {
				s = append(s, fmt.Sprintf("%d+%d", part.Offset, part.Length))
			}
			got = strings.Join(s, " ")
			if len(p.parts) == 1 && header(p, "Content-Range") != fmt.Sprintf("bytes %d-%d/%d",
				p.parts[0].Offset, p.parts[0].Offset+p.parts[0].Length-1, c.size) {
				t.Errorf("%q: Content-Range %q", c.value, header(p, "Content-Range"))
			}
		}
		if got != c.want {
			t.Errorf("%.40q of %d: %s, want %s", c.value, c.size, got, c.want)
		}
	}
}

func TestMultipart(t *testing.T) {
	pl := planner(t, Options{})
	p := ask(t, pl, site(), "GET", "/a.html", "Range: bytes=0-9,100-199,-1", "Accept-Encoding: gzip")
	boundary, ok := strings.CutPrefix(p.Type, "multipart/byteranges; boundary=")
	if !ok || len(boundary) != 32 || p.Status != 206 || p.Encoding != Identity ||
		header(p, "Content-Range") != "" {
		t.Fatalf("%d %s", p.Status, p.Type)
	}
	total := int64(len(p.Body.Tail))
	for _, part := range p.Body.Parts {
		total += int64(len(part.Head)) + part.Length
	}
	if total != p.Length {
		t.Errorf("length %d, parts make %d", p.Length, total)
	}
	// nginx's ngx_http_range_multipart_header and Apache's byterange filter begin with a CRLF, too.
	// zsync 0.6.2 (get_range_block) reads a line before the first delimiter.
	if first := p.Body.Parts[0].Head; !strings.HasPrefix(first, "\r\n--"+boundary+"\r\n") {
		t.Errorf("the body begins with %q", first)
	}
	want := "\r\n--" + boundary +
		"\r\nContent-Type: text/html; charset=utf-8\r\nContent-Range: bytes 100-199/10000\r\n\r\n"
	if p.Body.Parts[1].Head != want || p.Body.Tail != "\r\n--"+boundary+"--\r\n" {
		t.Errorf("%q, %q", p.Body.Parts[1].Head, p.Body.Tail)
	}
	if q := ask(t, pl, site(), "GET", "/a.html", "Range: bytes=0-9,100-199,-1"); q.Type != p.Type {
		t.Error("the same request has another boundary")
	}
	if q := ask(t, pl, site(), "GET", "/a.html", "Range: bytes=0-9,100-199"); q.Type == p.Type {
		t.Error("another request has the same boundary")
	}
	if q := ask(t, planner(t, Options{}), site(), "GET", "/a.html",
		"Range: bytes=0-9,100-199,-1"); q.Type == p.Type {
		t.Error("another server has the same boundary")
	}
}
