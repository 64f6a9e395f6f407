package http2

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// TestFloods: frames that no answer needs end the connection after a bounded number, with bounded
// output, and not before a client could need them.
func TestFloods(t *testing.T) {
	s := newServer(t, site())
	const empty = http2.Flags(0)
	for _, test := range []struct {
		name  string
		frame func(p *peer, n int)
		least int // how many must be accepted
		most  int
	}{
		{"PING", func(p *peer, _ int) { _ = p.frames.WritePing(false, [8]byte{}) }, 900, 1100},
		{"PING answers", func(p *peer, _ int) { _ = p.frames.WritePing(true, [8]byte{}) }, 900, 1100},
		{"SETTINGS", func(p *peer, _ int) { _ = p.frames.WriteSettings() }, 900, 1100},
		{"many settings", func(p *peer, _ int) {
			_ = p.frames.WriteSettings(slices.Repeat([]http2.Setting{{ID: http2.SettingInitialWindowSize,
				Val: 1}}, 100)...)
		}, 5, 15},
		{"SETTINGS answers", func(p *peer, _ int) { _ = p.frames.WriteSettingsAck() }, 900, 1100},
		{"PRIORITY", func(p *peer, n int) {
			_ = p.frames.WritePriority(uint32(2*n+1), http2.PriorityParam{})
		}, 900, 1100},
		{"unknown frames", func(p *peer, _ int) { _ = p.frames.WriteRawFrame(99, empty, 7, nil) }, 900,
			1100},
		{"windows of a byte", func(p *peer, _ int) { _ = p.frames.WriteWindowUpdate(0, 1) }, 900, 1100},
		{"empty DATA", func(p *peer, n int) {
			if n == 0 {
				p.headers(1, false, get("/a.txt")...)
			}
			_ = p.frames.WriteData(1, false, nil)
		}, 900, 1100},
		{"empty CONTINUATION", func(p *peer, n int) {
			if n == 0 {
				_ = p.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1})
			}
			_ = p.frames.WriteContinuation(1, false, nil)
		}, 900, 1100},
		{"long CONTINUATION", func(p *peer, n int) {
			if n == 0 {
				_ = p.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1})
			}
			_ = p.frames.WriteContinuation(1, false, []byte("\x00\x01x\x7f\x81\x7e"+
				strings.Repeat("x", 16256)))
		}, 3, 5},
		{"empty HEADERS", func(p *peer, n int) { p.headers(uint32(2*n+1), true) }, 150, 250},
		{"reset by the client (CVE-2023-44487)", func(p *peer, n int) {
			p.headers(uint32(2*n+1), true, get("/long.txt")...)
			_ = p.frames.WriteRSTStream(uint32(2*n+1), http2.ErrCodeCancel)
		}, 150, 250},
		{"reset by the server (CVE-2025-8671)", func(p *peer, n int) {
			p.headers(uint32(2*n+1), true, get("/long.txt")...)
			_ = p.frames.WriteWindowUpdate(uint32(2*n+1), 0)
		}, 150, 250},
		{"window overflow (CVE-2025-8671)", func(p *peer, n int) {
			p.headers(uint32(2*n+1), true, get("/long.txt")...)
			_ = p.frames.WriteWindowUpdate(uint32(2*n+1), 1<<31-1)
		}, 100, 250},
		{"more streams than allowed", func(p *peer, n int) {
			p.headers(uint32(2*n+1), false, get("/a.txt")...)
		}, maxStreams + 150, maxStreams + 250},
	} {
		p := newPeer(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
		n := 0
		for ; !p.conn.ending && n < 2*test.most; n++ {
			test.frame(p, n)
			p.flush()
			if len(p.conn.streams) > maxStreams || p.conn.answering > maxAnswering {
				t.Fatalf("%s: %d streams, %d answered", test.name, len(p.conn.streams), p.conn.answering)
			}
		}
		if n < test.least || n > test.most {
			t.Errorf("%s: the connection has ended after %d frames", test.name, n)
		}
		p.reject(test.name, http2.ErrCodeEnhanceYourCalm)
		if p.largest > mostOutput {
			t.Errorf("%s: %d bytes of output", test.name, p.largest)
		}
	}
}

// TestUnreadOutput: while nothing of the output is taken, no frame adds to it, and what was not
// handled waits.
func TestUnreadOutput(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
	_ = p.frames.WriteWindowUpdate(0, 1<<30)
	for n := range 100 {
		_ = p.frames.WritePing(false, [8]byte{1})
		p.headers(uint32(2*n+1), true, get("/middle.bin")...)
	}
	p.conn.receive(slices.Clone(p.written.Bytes()))
	for range 100 {
		p.conn.turn(p.now)
	}
	p.quietBy(func() { p.conn.turn(p.now) })
	if n := len(p.conn.out); n < maxOutput || n > mostOutput {
		t.Errorf("%d bytes of output", n)
	}
	if atOnce := runtime.GOOS == "linux"; p.conn.answering > maxAnswering ||
		atOnce && (p.conn.answering > 3 || len(p.conn.in) == 0) {
		t.Errorf("%d answers, %d bytes of input are left", p.conn.answering, len(p.conn.in))
	}
	p.window, p.initial = 1<<31-1, 1<<30
	p.turn()
	p.turn()
	p.quiet()
	for n := range 100 {
		if a := p.answers[uint32(2*n+1)]; !a.done() || len(a.body) != 60_000 {
			t.Fatalf("stream %d: %v", 2*n+1, a)
		}
	}
	if p.pings != 100 {
		t.Errorf("%d PING frames are answered", p.pings)
	}
}

// TestUsualClients: what browsers and other clients do costs no connection, however long it goes
// on.
func TestUsualClients(t *testing.T) {
	s := newServer(t, site())
	for name, round := range map[string]func(p *peer, id uint32){
		"a request, two windows, PRIORITY, PING": func(p *peer, id uint32) {
			p.headers(id, true, get("/a.txt")...)
			_ = p.frames.WriteWindowUpdate(0, 12)
			_ = p.frames.WriteWindowUpdate(id, 12)
			_ = p.frames.WritePriority(id, http2.PriorityParam{})
			_ = p.frames.WritePing(false, [8]byte{})
			p.window += 12
		},
		"small windows": func(p *peer, id uint32) {
			p.headers(id, true, get("/page.html", "accept-encoding: gzip")...)
			p.window += 1000
			_ = p.frames.WriteWindowUpdate(0, 1000)
		},
		"a short form": func(p *peer, id uint32) {
			p.headers(id, false, get("/a.txt")...)
			for range 5 {
				_ = p.frames.WriteData(id, false, []byte("x"))
			}
			_ = p.frames.WriteData(id, true, nil)
			p.window += 100
			_ = p.frames.WriteWindowUpdate(0, 100)
		},
	} {
		p := newPeer(t, s)
		for n := range uint32(2000) {
			round(p, 2*n+1)
			p.exchange()
			if p.conn.ending || !p.answers[2*n+1].done() {
				t.Fatalf("%s: round %d: GOAWAY %v, %+v", name, n, p.goAways, p.answers[2*n+1])
			}
		}
	}
}

// TestHeaderBomb: a block of references to one long field of the dynamic table is not expanded.
func TestHeaderBomb(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s)
	block := p.block(get("/a.txt", "x: "+strings.Repeat("x", 4000))...)
	block = append(block, slices.Repeat([]byte{0x80 | 62}, 10_000)...)
	_ = p.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block,
		EndHeaders: true, EndStream: true})
	p.headers(3, true, get("/a.txt")...)
	p.flush()
	p.await(1, 3)
	if a, b := p.answers[1].fields, p.answers[3].fields; a[":status"] != "431" ||
		b[":status"] != "200" {
		t.Errorf("%v, %v", a, b)
	}
}

// TestTableSize: the client's dynamic table is told to be empty after its size was set.
func TestTableSize(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s, http2.Setting{ID: http2.SettingHeaderTableSize, Val: 0})
	p.decoder.SetAllowedMaxDynamicTableSize(0)
	for id := uint32(1); id < 6; id += 2 {
		p.headers(id, true, get("/a.txt")...)
	}
	p.flush()
	p.await(1, 3, 5)
}

// TestNegativeWindow: a window that becomes negative stops the answer until it is positive again.
func TestNegativeWindow(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s)
	p.headers(1, true, get("/middle.bin")...)
	p.exchange() // 60,000 bytes
	p.headers(3, true, get("/middle.bin")...)
	p.exchange() // 5,535 bytes, as the window of the connection is used up
	_ = p.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1000})
	_ = p.frames.WriteWindowUpdate(0, 100_000)
	_ = p.frames.WriteWindowUpdate(3, 4535)
	p.window += 100_000
	p.exchange()
	if n := len(p.answers[3].body); n != 5535 {
		t.Errorf("%d bytes", n)
	}
	p.windows[3] = 1
	_ = p.frames.WriteWindowUpdate(3, 1)
	p.exchange()
	if n := len(p.answers[3].body); n != 5536 {
		t.Errorf("%d bytes", n)
	}
	p.windows[3] += 100_000
	_ = p.frames.WriteWindowUpdate(3, 100_000)
	p.flush()
	p.await(1, 3)
	if got := string(p.answers[3].body); got != site()["middle.bin"] {
		t.Errorf("%d bytes", len(got))
	}
}

// TestFairness: a stream with a short body is not kept waiting by long ones.
func TestFairness(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s)
	p.headers(1, true, get("/noise.bin")...)
	p.exchange() // the window of the connection is used up
	for id := uint32(3); id < 20; id += 2 {
		p.headers(id, true, get("/middle.bin")...)
	}
	p.headers(21, true, get("/a.txt")...)
	p.exchange()
	if p.window != 0 || p.answers[21].done() {
		t.Fatal("the connection's window was not used up")
	}
	p.widen(11 * maxFrame) // a frame of each
	p.quiet()
	if !p.answers[21].done() {
		t.Errorf("%+v", p.answers[21])
	}
	for id := uint32(3); id < 20; id += 2 {
		if n := len(p.answers[id].body); n == 60_000 {
			t.Errorf("stream %d has all of its body", id)
		}
	}
}

// TestTimes: what a client may take its time for, and what happens then.
func TestTimes(t *testing.T) {
	s := newServer(t, site())
	for _, test := range []struct {
		name  string
		do    func(p *peer)
		after time.Duration
		code  http2.ErrCode
	}{
		{"no SETTINGS", func(p *peer) { p.written.Truncate(len(Preface)) }, s.HeaderTimeout,
			http2.ErrCodeEnhanceYourCalm},
		{"idle", func(*peer) {}, s.IdleTimeout, http2.ErrCodeNo},
		{"idle after an answer", func(p *peer) { p.headers(1, true, get("/a.txt")...) }, s.IdleTimeout,
			http2.ErrCodeNo},
		{"half a frame", func(p *peer) { p.written.WriteString("\x00\x00\x08\x06\x00") },
			s.HeaderTimeout, http2.ErrCodeEnhanceYourCalm},
		{"half a block", func(p *peer) {
			_ = p.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}})
		}, s.HeaderTimeout, http2.ErrCodeEnhanceYourCalm},
		{"content", func(p *peer) {
			p.headers(1, false, get("/a.txt")...)
			_ = p.frames.WriteData(1, false, []byte("x"))
		}, s.HeaderTimeout, http2.ErrCodeEnhanceYourCalm},
	} {
		p := newPeer(t, s)
		test.do(p)
		p.exchange()
		if due := p.conn.due(); !due.Equal(p.now.Add(test.after)) {
			t.Errorf("%s: due in %v", test.name, due.Sub(p.now))
		}
		p.now = p.now.Add(test.after - 1)
		p.turn()
		if p.conn.ending {
			t.Errorf("%s: it has ended before", test.name)
		}
		p.now = p.now.Add(1)
		p.turn()
		p.reject(test.name, test.code)
	}
}

// TestIdleAfterReset: the time without streams begins when the last one ends, also if the client
// has reset it.
func TestIdleAfterReset(t *testing.T) {
	s := newServer(t, site())
	s.WriteTimeout = time.Hour
	p := newPeer(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	p.headers(1, true, get("/middle.bin")...)
	p.exchange()
	p.now = p.now.Add(s.IdleTimeout + time.Second)
	_ = p.frames.WriteRSTStream(1, http2.ErrCodeCancel)
	p.exchange()
	p.turn()
	if p.conn.ending {
		t.Error("the connection has ended")
	}
	if at := p.now.Add(s.IdleTimeout); !p.conn.due().Equal(at) {
		t.Errorf("it is due at %v, not %v", p.conn.due(), at)
	}
}

// TestSlowBlock: CONTINUATION frames give a header block no more time, nor do PING frames an idle
// connection.
func TestSlowBlock(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s)
	_ = p.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}})
	for range 9 {
		p.flush()
		p.now = p.now.Add(s.HeaderTimeout / 10)
		_ = p.frames.WriteContinuation(1, false, []byte{0x82})
	}
	p.flush()
	p.now = p.now.Add(s.HeaderTimeout / 10)
	p.turn()
	p.reject("block", http2.ErrCodeEnhanceYourCalm)

	p = newPeer(t, s)
	for range 10 {
		p.flush()
		p.now = p.now.Add(s.IdleTimeout / 10)
		_ = p.frames.WritePing(false, [8]byte{})
	}
	p.turn()
	p.reject("idle", http2.ErrCodeNo)
}

// TestStalled: streams for which the client opens no window are reset after a while, and other
// streams go on. A client that takes a chunk in this time may go on for ever.
func TestStalled(t *testing.T) {
	s := newServer(t, site())
	for _, target := range []string{"/middle.bin", "/noise.bin"} { // at once, and in a goroutine
		p := newPeer(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100})
		p.headers(1, true, get(target)...)
		p.headers(3, true, get("/a.txt")...)
		p.flush()
		p.await(3)
		for p.answers[1] == nil {
			<-p.woken
			p.turn()
		}
		p.now = p.now.Add(s.WriteTimeout - 1)
		_ = p.frames.WriteWindowUpdate(1, 1) // not enough
		p.windows[1]++
		p.flush()
		if p.answers[1].resets > 0 {
			t.Errorf("%s: reset before", target)
		}
		p.now = p.now.Add(1)
		p.turn()
		if a := p.answers[1]; a.reset != http2.ErrCodeCancel || len(a.body) != 101 {
			t.Errorf("%s: %v, %d bytes", target, a.reset, len(a.body))
		}
		p.headers(5, true, get("/a.txt")...)
		p.flush()
		p.await(5)
		p.settle()
	}
	p := newPeer(t, s)
	p.headers(1, true, get("/noise.bin")...)
	p.flush()
	for !p.answers[1].done() {
		p.now = p.now.Add(s.WriteTimeout / 3)
		for len(p.conn.sending) == 0 && !p.answers[1].done() {
			<-p.woken
			p.turn()
		}
		p.widen(50_000)
	}
	if a := p.answers[1]; string(a.body) != site()["noise.bin"] {
		t.Errorf("%d bytes, reset %v", len(a.body), a.reset)
	}
}

// TestStuck: a client that takes no output loses its connection.
func TestStuck(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s)
	p.conn.turn(p.now)
	p.conn.times.unsent = p.now
	if at := p.conn.due(); !at.Equal(p.now.Add(s.HeaderTimeout)) { // of the SETTINGS frame
		t.Errorf("due in %v", at.Sub(p.now))
	}
	if p.conn.stuck(p.now.Add(s.WriteTimeout-1)) || !p.conn.stuck(p.now.Add(s.WriteTimeout)) {
		t.Error("it is stuck at another time")
	}
	p.conn.wrote(1)
	if !p.conn.stuck(p.now.Add(s.WriteTimeout)) {
		t.Error("one byte counts")
	}
	p.conn.wrote(len(p.conn.out))
	if p.conn.stuck(p.now.Add(s.WriteTimeout)) {
		t.Error("it is stuck without output")
	}
}

// TestDrain: a shutdown lets streams finish, also those that were opened before the client knew.
func TestDrain(t *testing.T) {
	for _, answers := range []bool{true, false} {
		s := newServer(t, site())
		p := newPeer(t, s)
		p.headers(1, true, get("/middle.bin")...)
		p.headers(3, true, get("/middle.bin")...)
		p.exchange()
		s.Draining.Store(true)
		p.turn()
		p.headers(5, true, get("/a.txt")...)
		p.exchange()
		if fmt.Sprint(p.goAways) != "[NO_ERROR]" || p.pings != 1 || p.conn.times.drain != drainFirst {
			t.Fatalf("GOAWAY %v, %d pings", p.goAways, p.pings)
		}
		if answers {
			_ = p.frames.WritePing(true, drainPing)
		} else {
			p.now = p.now.Add(drainTime)
		}
		p.headers(7, true, get("/a.txt")...) // too late in the first case only
		p.exchange()
		if fmt.Sprint(p.goAways) != "[NO_ERROR NO_ERROR]" {
			t.Fatalf("GOAWAY %v", p.goAways)
		}
		_ = p.frames.WriteData(9, true, []byte("x")) // is ignored
		p.headers(9, true, get("/a.txt")...)
		p.widen(100_000)
		p.quiet()
		for _, id := range []uint32{1, 3, 5} {
			if !p.answers[id].done() || p.answers[id].resets > 0 {
				t.Errorf("stream %d: %v", id, p.answers[id])
			}
		}
		if p.answers[9] != nil || !p.conn.ending || len(p.goAways) != 2 {
			t.Errorf("stream 9: %v, ending %t, %v", p.answers[9], p.conn.ending, p.goAways)
		}
	}
}

// TestIdleMemory: a connection that waits for a request has no buffers.
func TestIdleMemory(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s)
	p.headers(1, true, get("/middle.bin")...)
	p.exchange()
	if c := p.conn; c.in != nil || c.out != nil || c.output != nil || c.framer != nil || c.x != nil ||
		len(c.spare)+len(c.prepared) > 0 || c.asked != nil || len(c.streams) > 0 {
		t.Errorf("%+v", p.conn)
	}
}

// TestAllowance: time and answers renew it, up to its beginning, and content beyond that.
func TestAllowance(t *testing.T) {
	now := time.Unix(1e9, 0)
	a := allowance{left: 10, since: now}
	if !a.spend(10, now) || a.spend(1, now) {
		t.Error(a.left)
	}
	a.left = 0
	if !a.spend(1, now.Add(allowancePeriod)) || a.left != 0 {
		t.Error(a.left)
	}
	a.sent(bytesPay - 1)
	if a.left != 0 {
		t.Error(a.left)
	}
	a.sent(1 + bytesPay)
	if a.left != 2 {
		t.Error(a.left)
	}
	a.add(1 << 30)
	if a.left != mostAllowance || !a.spend(0, now.Add(1e9*time.Second)) || a.left != mostAllowance {
		t.Error(a.left)
	}
	a.sent(1 << 30)
	if a.add(1); a.left != mostPaid || !a.spend(mostPaid-3, now) || a.left != 3 {
		t.Error(a.left)
	}
}
