package http2

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/serve/internal/servetest"
)

func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0)) // as tpk does: an event loop for each processor
	os.Exit(m.Run())
}

// newServer serves files by path.
func newServer(t testing.TB, files map[string]string) *Server {
	t.Helper()
	r := servetest.Responder(t, files, plan.Options{Listing: true})
	r.Lister = func(r *plan.Request, _ *archives.View, p *plan.Plan) error {
		p.Show(r, plan.Shown{Type: "text/html", Content: strings.Repeat("a row\n", 30_000)})
		return nil
	}
	return &Server{
		Responder:     r,
		HeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second,
		WriteTimeout: 30 * time.Second, MaxHeader: 16 << 10, Draining: &atomic.Bool{},
	}
}

// peer is a client of a conn, in memory.
type peer struct {
	t     testing.TB
	conn  *conn
	now   time.Time
	woken chan struct{}

	frames  *http2.Framer // writes to written
	written bytes.Buffer  // what is to be sent
	fields  bytes.Buffer
	encoder *hpack.Encoder

	got     bytes.Buffer // frames that were received
	reader  *http2.Framer
	decoder *hpack.Decoder
	answers map[uint32]*answer
	goAways []http2.ErrCode
	pings   int
	acks    int
	window  int64 // of the connection, as the client counts it
	windows map[uint32]int64
	initial int64
	largest int // the most that out has had

	arbitrary bool // what was sent is not known, and so the windows aren't
}

// answer is what has come on a stream.
type answer struct {
	fields map[string]string
	body   []byte
	ended  bool
	reset  http2.ErrCode
	resets int
}

func (a *answer) done() bool { return a != nil && (a.ended || a.resets > 0) }

// newPeer begins a connection, with the preface and SETTINGS.
func newPeer(t testing.TB, s *Server, settings ...http2.Setting) *peer {
	p := barePeer(t, s)
	p.written.WriteString(Preface)
	for _, v := range settings {
		if v.ID == http2.SettingInitialWindowSize {
			p.initial = int64(v.Val)
		}
	}
	_ = p.frames.WriteSettings(settings...)
	return p
}

// barePeer begins a connection on which nothing was sent.
func barePeer(t testing.TB, s *Server) *peer {
	p := &peer{
		t: t, now: time.Unix(1e9, 0), woken: make(chan struct{}, 1), answers: map[uint32]*answer{},
		window: defaultWindow, initial: defaultWindow, windows: map[uint32]int64{},
	}
	p.conn = newConn(s, &respond.Peer{Remote: "peer"}, p.now, func() {
		select {
		case p.woken <- struct{}{}:
		default:
		}
	})
	p.frames = http2.NewFramer(&p.written, nil)
	p.frames.AllowIllegalWrites = true
	p.encoder = hpack.NewEncoder(&p.fields)
	p.reader = http2.NewFramer(nil, &p.got)
	p.decoder = hpack.NewDecoder(tableSize, nil)
	p.reader.ReadMetaHeaders = p.decoder
	t.Cleanup(func() { p.conn.end() })
	return p
}

// block encodes fields, "name: value".
func (p *peer) block(fields ...string) []byte {
	p.fields.Reset()
	for _, f := range fields {
		i := 1 + strings.Index(f[1:], ": ")
		_ = p.encoder.WriteField(hpack.HeaderField{Name: f[:i], Value: f[i+2:]})
	}
	return bytes.Clone(p.fields.Bytes())
}

// get returns the fields of a request.
func get(target string, more ...string) []string {
	return append([]string{":method: GET", ":scheme: http", ":path: " + target, ":authority: a"},
		more...)
}

// headers writes a HEADERS frame, and CONTINUATION frames if that would be too long.
func (p *peer) headers(id uint32, end bool, fields ...string) {
	b := p.block(fields...)
	n := min(len(b), maxFrame)
	_ = p.frames.WriteHeaders(http2.HeadersFrameParam{
		StreamID: id, BlockFragment: b[:n], EndHeaders: n == len(b), EndStream: end,
	})
	for b = b[n:]; len(b) > 0; b = b[n:] {
		n = min(len(b), maxFrame)
		_ = p.frames.WriteContinuation(id, n == len(b), b[:n])
	}
}

// send gives what was written to the connection, in pieces of at most n bytes, and takes what
// comes.
func (p *peer) send(n int) {
	b := bytes.Clone(p.written.Bytes())
	p.written.Reset()
	for len(b) > 0 {
		k := min(n, len(b))
		p.conn.receive(b[:k])
		b = b[k:]
		p.turn()
	}
}

// flush gives what was written to the connection, in one piece, and takes what comes.
func (p *peer) flush() { p.send(1 << 30) }

// exchange is flush, and takes all answers for which there are windows.
func (p *peer) exchange() {
	p.t.Helper()
	p.flush()
	p.quiet()
}

// turn lets the connection work, as a driver does, and takes its output.
func (p *peer) turn() {
	for {
		p.conn.turn(p.now)
		p.largest = max(p.largest, len(p.conn.out))
		if len(p.conn.out) == 0 {
			break
		}
		p.got.Write(p.conn.out)
		p.conn.wrote(len(p.conn.out))
	}
	p.conn.keep()
	p.conn.rest()
	p.read()
}

// read reads the frames that have come, and checks them.
func (p *peer) read() {
	for p.got.Len() > 0 {
		f, err := p.reader.ReadFrame()
		if err != nil {
			p.t.Fatalf("the server has sent: %v", err)
		}
		if id := f.Header().StreamID; id != 0 {
			p.readStream(id, f)
			continue
		}
		switch f := f.(type) {
		case *http2.GoAwayFrame:
			p.goAways = append(p.goAways, f.ErrCode)
		case *http2.PingFrame:
			p.pings++
		case *http2.SettingsFrame:
			if f.IsAck() {
				p.acks++
			}
		}
	}
}

// readStream reads a frame of a stream.
func (p *peer) readStream(id uint32, f http2.Frame) {
	a := p.answers[id]
	if a == nil {
		a = &answer{fields: map[string]string{}}
		p.answers[id] = a
	}
	if _, reset := f.(*http2.RSTStreamFrame); a.ended && !reset || a.resets > 0 && !reset {
		p.t.Fatalf("stream %d: %v after its end", id, f)
	}
	switch f := f.(type) {
	case *http2.MetaHeadersFrame:
		for _, field := range f.Fields {
			a.fields[field.Name] = field.Value
		}
		a.ended = f.StreamEnded()
	case *http2.DataFrame:
		if a.fields[":status"] == "" {
			p.t.Fatalf("stream %d: DATA before HEADERS", id)
		}
		if _, ok := p.windows[id]; !ok {
			p.windows[id] = p.initial
		}
		p.window -= int64(f.Length)
		p.windows[id] -= int64(f.Length)
		if !p.arbitrary && (p.window < 0 || p.windows[id] < 0 && f.Length > 0) {
			p.t.Fatalf("stream %d: more than its window: %d, %d", id, p.window, p.windows[id])
		}
		a.body = append(a.body, f.Data()...)
		a.ended = f.StreamEnded()
	case *http2.RSTStreamFrame:
		a.reset = f.ErrCode
		a.resets++
	}
}

// widen opens windows by n: those of the connection, and of all unfinished streams.
func (p *peer) widen(n int64) {
	p.window += n
	_ = p.frames.WriteWindowUpdate(0, uint32(n))
	for id, a := range p.answers {
		if _, ok := p.windows[id]; ok && !a.done() {
			p.windows[id] += n
			_ = p.frames.WriteWindowUpdate(id, uint32(n))
		}
	}
	p.flush()
}

// await waits until streams have ended, and opens windows meanwhile.
func (p *peer) await(ids ...uint32) {
	p.t.Helper()
	limit := time.After(30 * time.Second)
	for _, id := range ids {
		for !p.answers[id].done() {
			if p.conn.ending {
				p.t.Fatalf("stream %d: the connection has ended: %v", id, p.goAways)
			}
			if p.window <= 0 || p.windows[id] <= 0 && p.answers[id] != nil && len(p.answers[id].body) > 0 {
				p.widen(defaultWindow)
				continue
			}
			select {
			case <-p.woken:
				p.turn()
			case <-limit:
				p.t.Fatalf("no answer on stream %d: %+v", id, p.answers[id])
			}
		}
	}
}

// quiet waits until no goroutine makes an answer: each has ended, or waits for a window. Where
// answers are made at once it returns at once.
func (p *peer) quiet() {
	p.t.Helper()
	p.quietBy(p.turn)
}

// quietBy is quiet with a function that lets the connection work.
func (p *peer) quietBy(turn func()) {
	p.t.Helper()
	limit := time.After(30 * time.Second)
	for p.working() {
		select {
		case <-p.woken:
			turn()
		case <-limit:
			p.t.Fatalf("nothing happens; %d streams", len(p.conn.streams))
		}
	}
}

// working reports whether a goroutine makes an answer.
func (p *peer) working() bool {
	for _, s := range p.conn.streams {
		if s.slow != nil && !s.slow.waits {
			return true
		}
	}
	return false
}

// settle waits until no stream is left. The connection must not have ended.
func (p *peer) settle() {
	p.t.Helper()
	limit := time.After(30 * time.Second)
	for len(p.conn.streams) > 0 {
		select {
		case <-p.woken:
			p.turn()
		case <-limit:
			p.t.Fatalf("%d streams are left", len(p.conn.streams))
		}
	}
	if p.conn.ending || p.conn.answering != 0 || len(p.conn.sending)+len(p.conn.asked) > 0 {
		p.t.Errorf("ending %t, answering %d, sending %d, asked %d", p.conn.ending, p.conn.answering,
			len(p.conn.sending), len(p.conn.asked))
	}
}

// reject checks that the connection has ended with code.
func (p *peer) reject(name string, code http2.ErrCode) {
	p.t.Helper()
	if !p.conn.ending || len(p.goAways) != 1 || p.goAways[0] != code {
		p.t.Errorf("%s: ending %t, GOAWAY %v, not %v", name, p.conn.ending, p.goAways, code)
	}
}

// frame returns one frame of raw bytes.
func frame(kind http2.FrameType, flags http2.Flags, id uint32, payload string) []byte {
	return append(appendFrame(nil, kind, flags, id, len(payload)), payload...)
}
