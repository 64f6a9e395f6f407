package http2

import (
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// site is what the tests serve: short and long bodies, of text and of noise.
func site() map[string]string {
	g := mathrand.New(mathrand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(g.Uint32())
	}
	return map[string]string{
		"index.html": "<title>index</title>", "empty": "", "a.txt": "hello, world",
		"page.html": strings.Repeat("some text that gets smaller, ", 500),
		"long.txt":  strings.Repeat("0123456789 and so on, ", 20_000), "noise.bin": string(noise),
		"middle.bin": string(noise[:60_000]), "d/file": "file",
	}
}

// requests are fields of requests, and the status and body of the answer; "" for one that is not
// compared.
var requests = []struct {
	fields []string
	status string
	body   string
}{
	{get("/a.txt"), "200", "hello, world"},
	{get("/a.txt", "range: bytes=7-11"), "206", "world"},
	{get("/a.txt", "range: bytes=0-0,7-7"), "206", ""},
	{get("/a.txt", "range: bytes=99-"), "416", ""},
	{get("/a.txt", "if-none-match: *"), "304", ""},
	{get("/page.html"), "200", site()["page.html"]},
	{get("/page.html", "accept-encoding: gzip"), "200", ""},
	{get("/long.txt"), "200", site()["long.txt"]},
	{get("/noise.bin"), "200", site()["noise.bin"]},
	{get("/middle.bin"), "200", site()["middle.bin"]},
	{get("/empty"), "200", ""},
	{get("/none"), "404", "404 Not Found\n"},
	{get("/d"), "301", ""},
	{get("/d/"), "200", ""},
	{get("/d/?list&download=tar.gz"), "200", ""},
	{[]string{":method: HEAD", ":scheme: http", ":path: /long.txt", ":authority: a"}, "200", ""},
	{[]string{":method: HEAD", ":scheme: http", ":path: /a.txt", "host: b"}, "200", ""},
	{[]string{":method: PUT", ":scheme: http", ":path: /a.txt", ":authority: a"}, "405", ""},
	{[]string{":method: OPTIONS", ":scheme: http", ":path: *", ":authority: a"}, "204", ""},
	{[]string{":method: CONNECT", ":authority: a:80"}, "405", ""},
	{get("/a.txt", "x: "+strings.Repeat("x", 20_000)), "431", ""},
	{get("/?list&" + strings.Repeat("name=x&", 3000)), "414", ""},
	{[]string{":method: GET", ":scheme: http", ":path: /a.txt", ":authority: a b"}, "400", ""},
	{[]string{":method: GET", ":scheme: http", ":path: /a.txt", ":authority: "}, "200", ""},
}

// TestRequests sends each request alone, in pieces of any length.
func TestRequests(t *testing.T) {
	s := newServer(t, site())
	for i, r := range requests {
		for _, piece := range []int{1, 7, 1 << 20} {
			p := newPeer(t, s)
			p.headers(1, true, r.fields...)
			p.send(piece)
			p.await(1)
			a := p.answers[1]
			if a.fields[":status"] != r.status || r.body != "" && string(a.body) != r.body {
				t.Errorf("%d %q: %v, %d bytes, reset %v", i, r.fields, a.fields, len(a.body), a.reset)
			}
			if a.fields["date"] == "" || a.fields["server"] != "tpk" || a.resets > 0 {
				t.Errorf("%q: %v, %d resets", r.fields, a.fields, a.resets)
			}
			if p.conn.ending {
				t.Errorf("%q: the connection has ended", r.fields)
			}
		}
	}
}

// TestInterleaved sends requests on many streams at once, in random order and with windows that
// open by chance, and compares the answers with those given alone.
func TestInterleaved(t *testing.T) {
	s := newServer(t, site())
	alone := make([]*answer, len(requests))
	for i, r := range requests {
		p := newPeer(t, s)
		p.headers(1, true, r.fields...)
		p.flush()
		p.await(1)
		alone[i] = p.answers[1]
	}
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for round := range rounds {
		g := mathrand.New(mathrand.NewPCG(7, uint64(round)))
		window := []uint32{0, 1, 100, 5000, 65535, 1 << 20}[g.IntN(6)]
		p := newPeer(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
		asked := map[uint32]int{}
		streams := 1 + g.IntN(60)
		for n := range streams {
			id, i := uint32(2*n+1), g.IntN(len(requests))
			asked[id] = i
			p.headers(id, true, requests[i].fields...)
			if g.IntN(3) == 0 {
				p.send(1 + g.IntN(300))
			}
			if g.IntN(4) == 0 {
				p.widen(int64(1 + g.IntN(20_000)))
			}
		}
		p.flush()
		for id := range asked {
			for !p.answers[id].done() {
				p.step(g)
			}
		}
		for id, i := range asked {
			if err := p.answers[id].differs(alone[i]); err != nil {
				t.Fatalf("round %d, window %d, %q: %v", round, window, requests[i].fields, err)
			}
		}
		p.settle()
	}
}

// step opens windows, or waits for something to happen if that is not what answers wait for.
func (p *peer) step(g *mathrand.Rand) {
	if p.conn.ending {
		p.t.Fatalf("the connection has ended: %v", p.goAways)
	}
	if len(p.conn.sending) == 0 {
		select {
		case <-p.woken:
			p.turn()
		case <-time.After(30 * time.Second):
			p.t.Fatalf("nothing happens; %d streams", len(p.conn.streams))
		}
		return
	}
	for id := range p.conn.streams { // windows of streams on which nothing has come yet
		if _, ok := p.windows[id]; !ok {
			p.windows[id] = p.initial
		}
	}
	p.now = p.now.Add(10 * time.Millisecond)
	p.widenAll(int64(5000 + g.IntN(100_000)))
}

// widenAll opens all windows by n.
func (p *peer) widenAll(n int64) {
	p.window += n
	_ = p.frames.WriteWindowUpdate(0, uint32(n))
	for id := range p.windows {
		if !p.answers[id].done() {
			p.windows[id] += n
			_ = p.frames.WriteWindowUpdate(id, uint32(n))
		}
	}
	p.flush()
}

// differs returns an error if an answer is not like another.
func (a *answer) differs(b *answer) error {
	if string(a.body) != string(b.body) || a.reset != b.reset || len(a.fields) != len(b.fields) {
		return fmt.Errorf("%d bytes, %d alone; reset %v; %v", len(a.body), len(b.body), a.reset, a.fields)
	}
	for name, value := range b.fields {
		if a.fields[name] != value && name != "date" && !strings.HasPrefix(value, "multipart/") {
			return fmt.Errorf("%s: %q, alone %q", name, a.fields[name], value)
		}
	}
	return nil
}

// TestContent sends requests with content, with and without trailers, of the announced length and
// of others.
func TestContent(t *testing.T) {
	s := newServer(t, site())
	post := func(more ...string) []string {
		return append([]string{":method: POST", ":scheme: http", ":path: /a.txt", ":authority: a"},
			more...)
	}
	for _, test := range []struct {
		name    string
		fields  []string
		content []int // lengths of DATA frames
		end     string
		status  string
		reset   http2.ErrCode
		resets  int
	}{
		{"short", post(), []int{5}, "data", "405", 0, 0},
		{"empty frames", post(), []int{0, 0, 3, 0}, "data", "405", 0, 0},
		{"trailers", post("content-length: 8"), []int{5, 3}, "trailers", "405", 0, 0},
		{"as announced", post("content-length: 8"), []int{5, 3}, "data", "405", 0, 0},
		{"GET", get("/a.txt", "content-length: 8"), []int{8}, "data", "200", 0, 0},
		{"too short", post("content-length: 8"), []int{5}, "data", "", http2.ErrCodeProtocol, 1},
		{"too short, trailers", post("content-length: 8"), []int{5}, "trailers", "",
			http2.ErrCodeProtocol, 1},
		{"too long", post("content-length: 8"), []int{9}, "", "", http2.ErrCodeProtocol, 1},
		{"bad trailers", post(), []int{9}, "pseudo", "", http2.ErrCodeProtocol, 1},
		{"trailers without end", post(), []int{9}, "endless", "", http2.ErrCodeProtocol, 1},
		{"long", post(), []int{16384, 16384}, "", "405", http2.ErrCodeNo, 1},
		{"announced as long", post("content-length: 100000"), nil, "", "405", http2.ErrCodeNo, 1},
		{"expected", post("expect: 100-continue"), nil, "", "405", http2.ErrCodeNo, 1},
		{"late", post("expect: x"), []int{16384, 16384}, "trailers", "405", http2.ErrCodeNo, 1},
	} {
		p := newPeer(t, s)
		p.headers(1, false, test.fields...)
		for _, n := range test.content {
			_ = p.frames.WriteData(1, false, make([]byte, n))
		}
		p.exchange()
		switch test.end {
		case "data":
			_ = p.frames.WriteData(1, true, nil)
		case "trailers":
			p.headers(1, true, "x: y")
		case "pseudo":
			p.headers(1, true, ":path: /")
		case "endless":
			p.headers(1, false, "x: y")
		}
		p.headers(3, true, get("/a.txt")...)
		p.exchange()
		p.await(1, 3)
		a := p.answers[1]
		if a.fields[":status"] != test.status || a.reset != test.reset || a.resets != test.resets {
			t.Errorf("%s: %v, %d resets %v", test.name, a.fields, a.resets, a.reset)
		}
		if p.answers[3].fields[":status"] != "200" || p.conn.ending || len(p.conn.streams) > 0 {
			t.Errorf("%s: then %v, ending %t, %d streams", test.name, p.answers[3].fields, p.conn.ending,
				len(p.conn.streams))
		}
	}
}

// TestMalformed: requests that RFC 9113 §8 forbids reset their stream, and no other.
func TestMalformed(t *testing.T) {
	s := newServer(t, site())
	for _, fields := range [][]string{
		{":scheme: http", ":path: /"}, {":method: GET", ":path: /"}, {":method: GET", ":scheme: http"},
		get("/", ":path: /"), get("/", ":method: GET"), get("/", ":scheme: http"), get("/", ":x: y"),
		get("/", ":status: 200"), get(""), get("a.txt"), get("*"), get("/a b"), get("http://a/"),
		{":method: GET", "x: y", ":scheme: http", ":path: /"},
		get("/", "X: y"), get("/", "x y: z"), get("/", "x:y: z"), get("/", "x: y\x00"),
		get("/", "x: y\nz"), get("/", "x:  y"), get("/", "x: y "), get("/", "x: y\t"),
		get("/", "connection: close"), get("/", "keep-alive: 1"), get("/", "upgrade: h2c"),
		get("/", "proxy-connection: close"), get("/", "transfer-encoding: chunked"),
		get("/", "te: gzip"), get("/", "host: b"), get("/", "host: a", "host: a"),
		get("/", "content-length: x"), get("/", "content-length: -1"), get("/", "content-length: 1"),
		get("/", "content-length: 0", "content-length: 1"),
		get("/", "content-length: 99999999999999999999"),
		{":method: CONNECT", ":authority: a", ":path: /"}, {":method: CONNECT"},
		{":method: G T", ":scheme: http", ":path: /"}, {":method: ", ":scheme: http", ":path: /"},
		{":method: GET", ":scheme: ", ":path: /"}, {},
	} {
		p := newPeer(t, s)
		p.headers(1, true, fields...)
		p.headers(3, true, get("/a.txt", "te: trailers", "host: a", "content-length: 0")...)
		p.flush()
		p.await(1, 3)
		if a := p.answers[1]; a.reset != http2.ErrCodeProtocol || len(a.fields) > 0 {
			t.Errorf("%q: %v, reset %v", fields, a.fields, a.reset)
		}
		if a := p.answers[3]; a.fields[":status"] != "200" {
			t.Errorf("%q: then %v, reset %v", fields, a.fields, a.reset)
		}
	}
}

// TestConnectionErrors: frames that end the connection, and with which code.
func TestConnectionErrors(t *testing.T) {
	s := newServer(t, site())
	block := string(newPeer(t, s).block(get("/a.txt")...))
	all := http2.FlagHeadersEndHeaders | http2.FlagHeadersEndStream
	request := string(frame(http2.FrameHeaders, all, 1, block))
	for _, test := range []struct {
		name string
		b    string
		code http2.ErrCode
	}{
		{"too long", "\x00\x40\x01\x00\x00\x00\x00\x00\x01", http2.ErrCodeFrameSize},
		{"DATA on stream 0", string(frame(http2.FrameData, 0, 0, "x")), http2.ErrCodeProtocol},
		{"DATA on an idle stream", string(frame(http2.FrameData, 0, 1, "x")), http2.ErrCodeProtocol},
		{"padding", string(frame(http2.FrameHeaders, all|http2.FlagHeadersPadded, 1, "\xff")),
			http2.ErrCodeProtocol},
		{"no padding", string(frame(http2.FrameHeaders, all|http2.FlagHeadersPadded, 1, "")),
			http2.ErrCodeFrameSize},
		{"even stream", string(frame(http2.FrameHeaders, all, 2, block)), http2.ErrCodeProtocol},
		{"lower stream", string(frame(http2.FrameHeaders, all, 3, block)) + request,
			http2.ErrCodeStreamClosed},
		{"interrupted block", string(frame(http2.FrameHeaders, 0, 1, block)) +
			string(frame(http2.FramePing, 0, 0, "12345678")), http2.ErrCodeProtocol},
		{"no block", string(frame(http2.FrameContinuation, 0, 1, block)), http2.ErrCodeProtocol},
		{"bad index", string(frame(http2.FrameHeaders, all, 1, "\xff\x7f")),
			http2.ErrCodeCompression},
		{"half a field", string(frame(http2.FrameHeaders, all, 1, "\x00\x05a")),
			http2.ErrCodeCompression},
		{"push", string(frame(http2.FramePushPromise, 0, 1, "\x00\x00\x00\x02")),
			http2.ErrCodeProtocol},
		{"window of 0", string(frame(http2.FrameWindowUpdate, 0, 0, "\x00\x00\x00\x00")),
			http2.ErrCodeProtocol},
		{"window of an idle stream", string(frame(http2.FrameWindowUpdate, 0, 5, "\x00\x00\x00\x01")),
			http2.ErrCodeProtocol},
		{"window of an idle stream, of 0", string(frame(http2.FrameWindowUpdate, 0, 5,
			"\x00\x00\x00\x00")), http2.ErrCodeProtocol},
		{"too large a window", string(frame(http2.FrameWindowUpdate, 0, 0, "\x7f\xff\xff\xff")),
			http2.ErrCodeFlowControl},
		{"reset of an idle stream", string(frame(http2.FrameRSTStream, 0, 5, "\x00\x00\x00\x08")),
			http2.ErrCodeProtocol},
		{"ping of 7 bytes", string(frame(http2.FramePing, 0, 0, "1234567")), http2.ErrCodeFrameSize},
		{"settings of 5 bytes", string(frame(http2.FrameSettings, 0, 0, "12345")),
			http2.ErrCodeFrameSize},
		{"initial window", string(frame(http2.FrameSettings, 0, 0, "\x00\x04\x80\x00\x00\x00")),
			http2.ErrCodeFlowControl},
		{"initial window, later", string(frame(http2.FrameSettings, 0, 0,
			"\x00\x04\x00\x00\x00\x00\x00\x04\x80\x00\x00\x00")), http2.ErrCodeFlowControl},
		{"frame size", string(frame(http2.FrameSettings, 0, 0, "\x00\x05\x00\x00\x00\x00")),
			http2.ErrCodeProtocol},
		{"PRIORITY of itself", string(frame(http2.FramePriority, 0, 1, "\x00\x00\x00\x01\x00")),
			http2.ErrCodeProtocol},
	} {
		for _, piece := range []int{1, 1 << 20} {
			p := newPeer(t, s)
			p.written.WriteString(test.b)
			p.send(piece)
			p.reject(test.name, test.code)
		}
	}
	p := newPeer(t, s)
	p.written.WriteString(request)
	p.exchange()
	p.written.WriteString(request)
	p.flush()
	p.reject("closed stream", http2.ErrCodeStreamClosed)
	for name, b := range map[string]string{
		"no preface": "GET / HTTP/1.1\r\n\r\n", "no SETTINGS": Preface + request,
		"a PING first": Preface + string(frame(http2.FramePing, 0, 0, "12345678")),
	} {
		p := barePeer(t, s)
		p.written.WriteString(b)
		p.flush()
		p.reject(name, http2.ErrCodeProtocol)
	}
}

// TestStreamErrors: frames that end a stream only.
func TestStreamErrors(t *testing.T) {
	s := newServer(t, site())
	for _, test := range []struct {
		name  string
		frame func(p *peer)
		code  http2.ErrCode
	}{
		{"window", func(p *peer) { _ = p.frames.WriteWindowUpdate(1, 1<<31-1) },
			http2.ErrCodeFlowControl},
		{"window of 0", func(p *peer) { _ = p.frames.WriteWindowUpdate(1, 0) }, http2.ErrCodeProtocol},
		{"DATA after the end", func(p *peer) { _ = p.frames.WriteData(1, false, nil) },
			http2.ErrCodeStreamClosed},
		{"HEADERS after the end", func(p *peer) { p.headers(1, true, "x: y") },
			http2.ErrCodeStreamClosed},
		{"PRIORITY of itself", func(p *peer) {
			_ = p.frames.WritePriority(1, http2.PriorityParam{StreamDep: 1})
		}, http2.ErrCodeProtocol},
	} {
		p := newPeer(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
		p.headers(1, true, get("/page.html")...) // waits for a window
		test.frame(p)
		p.headers(3, true, get("/d/file")...)
		p.flush()
		p.await(1, 3)
		if a := p.answers[1]; a.resets != 1 || a.reset != test.code {
			t.Errorf("%s: %d resets, %v", test.name, a.resets, a.reset)
		}
		if a := p.answers[3]; string(a.body) != "file" {
			t.Errorf("%s: then %v", test.name, a.fields)
		}
		p.settle()
	}
}
