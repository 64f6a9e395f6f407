package http2

import (
	mathrand "math/rand/v2"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// FuzzFrames gives arbitrary bytes to a connection, in pieces of any length. Its output is bounded
// and consists of frames that x/net reads, within the client's windows; and neither the pieces nor
// the order in which goroutines answer decide whether the connection ends, and why.
func FuzzFrames(f *testing.F) {
	s := newServer(f, site())
	seed := func(write func(p *peer)) {
		p := barePeer(f, s)
		_ = p.frames.WriteSettings()
		write(p)
		f.Add(p.written.Bytes(), uint64(1))
	}
	for i := range requests {
		seed(func(p *peer) {
			p.headers(1, true, requests[i].fields...)
			_ = p.frames.WriteWindowUpdate(0, 100_000)
			_ = p.frames.WriteWindowUpdate(1, 100_000)
			p.headers(3, false, requests[(i+1)%len(requests)].fields...)
			_ = p.frames.WriteData(3, false, []byte("content"))
			_ = p.frames.WriteDataPadded(3, false, []byte("content"), make([]byte, 9))
			p.headers(3, true, "trailer: x")
			_ = p.frames.WriteRSTStream(3, http2.ErrCodeCancel)
			_ = p.frames.WritePing(false, [8]byte{1, 2})
			_ = p.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 7})
			_ = p.frames.WritePriority(5, http2.PriorityParam{StreamDep: 3})
			_ = p.frames.WriteGoAway(0, http2.ErrCodeNo, nil)
		})
	}
	seed(func(p *peer) {
		_ = p.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}})
		_ = p.frames.WriteContinuation(1, true, []byte{0x84, 0x86, 0x41, 1, 'a'})
		_ = p.frames.WriteWindowUpdate(1, 0)
	})
	f.Fuzz(func(t *testing.T, b []byte, cuts uint64) {
		var first http2.ErrCode
		for i, whole := range []bool{true, false} {
			p := barePeer(t, s)
			p.arbitrary = true
			p.written.WriteString(Preface)
			p.written.Write(b)
			if g := mathrand.New(mathrand.NewPCG(cuts, 0)); whole {
				p.flush()
			} else {
				p.sendPieces(g)
			}
			code := http2.ErrCode(1 << 31)
			if len(p.goAways) > 0 {
				code = p.goAways[0]
			}
			p.now = p.now.Add(time.Hour) // everything that waits for the client is late
			p.turn()
			if i > 0 && code != first && code != http2.ErrCodeEnhanceYourCalm &&
				first != http2.ErrCodeEnhanceYourCalm {
				t.Errorf("in pieces %v, whole %v", code, first)
			}
			if first = code; p.largest > mostOutput+maxAnswering<<10 {
				t.Errorf("%d bytes of output", p.largest)
			}
			p.conn.end()
		}
	})
}

// FuzzInterleaved sends requests chosen by the input, in pieces chosen by it. Each answer is the
// one that the request gets alone.
func FuzzInterleaved(f *testing.F) {
	s := newServer(f, site())
	alone := make([]*answer, len(requests))
	for i, r := range requests {
		p := newPeer(f, s)
		p.headers(1, true, r.fields...)
		p.flush()
		p.await(1)
		alone[i] = p.answers[1]
	}
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"), uint64(1), uint32(70_000))
	f.Add([]byte("\x09\x09\x09\x09\x08\x07\x05\x05\x00\x13\x14\x0e"), uint64(2), uint32(10))
	f.Fuzz(func(t *testing.T, which []byte, cuts uint64, window uint32) {
		g := mathrand.New(mathrand.NewPCG(cuts, 1))
		p := newPeer(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: window % (1 << 20)})
		which = which[:min(len(which), maxStreams)]
		for n, i := range which {
			p.headers(uint32(2*n+1), true, requests[int(i)%len(requests)].fields...)
		}
		p.sendPieces(g)
		for n, i := range which {
			a := func() *answer { return p.answers[uint32(2*n+1)] }
			for !a().done() {
				p.step(g)
			}
			if err := a().differs(alone[int(i)%len(requests)]); err != nil {
				t.Errorf("%q: %v", requests[int(i)%len(requests)].fields, err)
			}
		}
		p.conn.end()
	})
}

// sendPieces gives what was written to the connection, in pieces of random lengths.
func (p *peer) sendPieces(g *mathrand.Rand) {
	b := append([]byte(nil), p.written.Bytes()...)
	p.written.Reset()
	for len(b) > 0 {
		n := 1 + g.IntN(min(len(b), 1+1<<g.IntN(15)))
		p.conn.receive(b[:n])
		b = b[n:]
		p.turn()
	}
}
