package http2

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// BenchmarkRequests answers ten requests for each read, as of h2load with ten streams.
func BenchmarkRequests(b *testing.B) {
	files := map[string]string{}
	for i := range 100 {
		name := fmt.Sprintf("std/collections/struct.Name%d.html", i)
		files[name] = strings.Repeat(fmt.Sprintf("text %d ", i*7919), 500)
	}
	s := newServer(b, files)
	p := newPeer(b, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
	_ = p.frames.WriteWindowUpdate(0, 1<<31-1-defaultWindow)
	p.flush()
	id, n := uint32(1), 0
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		b.StopTimer()
		p.written.Reset()
		for range 10 {
			p.headers(id, true, get(fmt.Sprintf("/std/collections/struct.Name%d.html", n%100),
				"accept-encoding: gzip", "user-agent: h2load nghttp2/1.52.0")...)
			id, n = id+2, n+1
		}
		p.conn.sendWindow = 1 << 30
		b.StartTimer()
		p.conn.receive(p.written.Bytes())
		p.conn.turn(p.now)
		for len(p.conn.out) > 0 {
			p.conn.wrote(len(p.conn.out))
			p.conn.turn(p.now)
		}
		p.conn.keep()
		p.conn.rest()
	}
}
