//go:build linux

package tlsconn

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/internal/eventloop"
)

// wire is the connection below a Conn. During the handshake it is a pipe. Then the test decides
// what has come and what is taken.
type wire struct {
	net.Conn
	eventloop.Transport // nil: what is not defined here is not called

	received [][]byte // one for each call of Ready
	err      error    // after all of them
	asked    bool
	taken    bytes.Buffer
	takes    int // bytes at most that the next TryWrite takes
}

func (w *wire) Close() error                     { return nil }
func (w *wire) LocalAddr() net.Addr              { return w.Conn.LocalAddr() }
func (w *wire) RemoteAddr() net.Addr             { return w.Conn.RemoteAddr() }
func (w *wire) Read(b []byte) (int, error)       { return w.Conn.Read(b) }
func (w *wire) Write(b []byte) (int, error)      { return w.Conn.Write(b) }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// TryRead is as that of eventloop.Conn: it reads once in each call of Ready.
func (w *wire) TryRead(b []byte) (int, error) {
	if w.asked || len(w.received) == 0 && w.err == nil {
		return 0, unix.EAGAIN
	}
	w.asked = true
	if len(w.received) == 0 {
		return 0, w.err
	}
	n := copy(b, w.received[0])
	if w.received[0] = w.received[0][n:]; len(w.received[0]) == 0 {
		w.received = w.received[1:]
	}
	return n, nil
}

func (w *wire) TryWrite(b []byte) (int, error) {
	n := min(len(b), w.takes)
	w.takes -= n
	w.taken.Write(b[:n])
	return n, nil
}

// browser is the net.Conn of the client: a pipe during the handshake, then buffers.
type browser struct {
	net.Conn
	later bool
	sent  []byte
	from  *bytes.Buffer
}

func (b *browser) Write(p []byte) (int, error) {
	if !b.later {
		return b.Conn.Write(p)
	}
	b.sent = append(b.sent, p...)
	return len(p), nil
}

func (b *browser) Read(p []byte) (int, error) {
	if !b.later {
		return b.Conn.Read(p)
	}
	return b.from.Read(p)
}

var serverConfig = sync.OnceValue(func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		NextProtos:   []string{"http/1.1"}, DynamicRecordSizingDisabled: true,
	}
})

// pair connects a client to a Conn, whose handshake is done.
func pair(t testing.TB, version uint16) (*tls.Conn, *browser, *Conn, *wire) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	w := &wire{Conn: b}
	c := &Conn{Transport: w, records: records{conn: w}}
	c.tls = tls.Server(&c.records, serverConfig())
	shaken := make(chan error, 1)
	go func() {
		protocol, err := c.Handshake()
		if err == nil && protocol != "http/1.1" {
			err = errors.New("protocol " + protocol)
		}
		if err == nil && c.records.unsent() > 0 && version == tls.VersionTLS12 {
			err = c.records.send()
		}
		shaken <- err
	}()
	bc := &browser{Conn: a, from: &w.taken}
	client := tls.Client(bc, &tls.Config{InsecureSkipVerify: true, MinVersion: version,
		MaxVersion: version, NextProtos: []string{"http/1.1"}, DynamicRecordSizingDisabled: true})
	if err := errors.Join(client.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	bc.later = true
	return client, bc, c, w
}

// ready reads what has come, as a protocol does in Ready, and returns why there is no more.
func ready(c *Conn, w *wire) (got []byte, err error) {
	w.asked = false
	for b := make([]byte, 5000); err == nil; {
		var n int
		n, err = c.TryRead(b)
		got = append(got, b[:n]...)
	}
	return got, err
}

// FuzzSplit cuts what a client sends anywhere, answers each piece in kind, and lets the client take
// the answers in pieces. Both sides get the same bytes as without cuts.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), []byte{1, 2, 200}, uint16(7), false)
	f.Add(bytes.Repeat([]byte("many bytes "), 4000), []byte{0, 0, 255, 3}, uint16(1000), true)
	f.Add([]byte{}, []byte{}, uint16(1), true)
	f.Add(bytes.Repeat([]byte{0}, 70_000), []byte{1}, uint16(9), false)
	f.Fuzz(func(t *testing.T, content, cuts []byte, takes uint16, old bool) {
		version := uint16(tls.VersionTLS13)
		if old {
			version = tls.VersionTLS12
		}
		client, bc, c, w := pair(t, version)
		for i, rest := 0, content; len(rest) > 0; i++ { // records of several lengths
			n := 1 + len(rest)/2
			if i < len(cuts) {
				n = min(len(rest), 1+int(cuts[i]))
			}
			if _, err := client.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		sent := bc.sent
		for i := 0; len(sent) > 0; i++ {
			n := len(sent)
			if len(cuts) > 0 && i < 2000 {
				n = min(n, 1+int(cuts[i%len(cuts)]))
			}
			w.received = append(w.received, sent[:n])
			sent = sent[n:]
		}
		got, err := answer(t, c, w, int(takes)+500)
		if err != io.EOF || !bytes.Equal(got, content) {
			t.Fatalf("%d of %d bytes, %v", len(got), len(content), err)
		}
		if c.records.room != nil || c.records.out != nil {
			t.Error("it keeps buffers")
		}
		w.takes = 1 << 20
		_ = c.Close()
		if got, err := io.ReadAll(client); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("the client got %d of %d bytes, %v", len(got), len(content), err)
		}
	})
}

// answer sends back what comes until it ends, to a client that takes some bytes at a time.
func answer(t *testing.T, c *Conn, w *wire, takes int) (all []byte, err error) {
	for {
		got, err := ready(c, w)
		all = append(all, got...)
		for done := false; !done || len(got) > 0; {
			w.takes = takes
			n, failed := c.TryWrite(got)
			if failed != nil {
				t.Fatal(failed)
			}
			got = got[n:]
			if c.records.unsent() > sendAt+2*recordSize {
				t.Fatalf("%d bytes are kept", c.records.unsent())
			}
			if done, failed = c.Flush(); failed != nil {
				t.Fatal(failed)
			}
		}
		if !errors.Is(err, unix.EAGAIN) {
			return all, err
		}
	}
}

// TestBounded: a client that takes nothing does not make a Conn keep more than a bounded rest, and
// gets all of it later.
func TestBounded(t *testing.T) {
	client, _, c, w := pair(t, tls.VersionTLS13)
	content := make([]byte, 1<<20)
	_, _ = rand.Read(content)
	n, err := c.TryWrite(content)
	if err != nil || n < sendAt || n > sendAt+recordSize {
		t.Fatal(n, err)
	}
	if k, err := c.TryWrite(content[n:]); k != 0 || err != nil {
		t.Error(k, err)
	}
	if sent, err := c.Flush(); sent || err != nil {
		t.Error(sent, err)
	}
	w.takes = 4 << 20
	if k, err := c.TryWrite(content[n:]); k != len(content)-n || err != nil {
		t.Error(k, err)
	}
	if sent, err := c.Flush(); !sent || err != nil {
		t.Error(sent, err)
	}
	got := make([]byte, len(content))
	if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, content) {
		t.Error("other content", err)
	}
}

// TestOneSend: answers to what one call of Ready has read go out by one write, as do the session
// tickets before them, in no more records than necessary.
func TestOneSend(t *testing.T) {
	client, bc, c, w := pair(t, tls.VersionTLS13)
	for range 10 {
		if _, err := client.Write([]byte("request")); err != nil {
			t.Fatal(err)
		}
	}
	w.received, w.takes = [][]byte{bc.sent}, 1<<20
	got, err := ready(c, w)
	if len(got) != 70 || !errors.Is(err, unix.EAGAIN) {
		t.Fatal(len(got), err)
	}
	tickets := c.records.unsent()
	for range 10 {
		if n, err := c.TryWrite(make([]byte, 3000)); n != 3000 || err != nil {
			t.Fatal(n, err)
		}
	}
	if w.taken.Len() != 0 {
		t.Errorf("%d bytes were sent before Flush", w.taken.Len())
	}
	if sent, err := c.Flush(); !sent || err != nil {
		t.Fatal(sent, err)
	}
	const overhead = 5 + 1 + 16 // header, type and tag (RFC 8446 §5.2)
	if n := w.taken.Len() - tickets; n != 10*(3000+overhead) {
		t.Errorf("%d bytes of ciphertext", n)
	}
}

// TestEnds: what ends a connection, and how TryRead reports it.
func TestEnds(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, test := range []struct {
			name string
			end  func(sent []byte) []byte
			want func(error) bool
		}{
			{"no close_notify", func(b []byte) []byte { return b }, func(err error) bool {
				return err == io.EOF
			}},
			{"cut short", func(b []byte) []byte { return b[:len(b)-1] }, func(err error) bool {
				return errors.Is(err, io.ErrUnexpectedEOF)
			}},
			{"changed", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, func(err error) bool {
				return err != nil && err != io.EOF
			}},
			{"no TLS", func([]byte) []byte { return []byte("GET / HTTP/1.1\r\n\r\n") },
				func(err error) bool { return err != nil && err != io.EOF }},
			{"too long a record", func([]byte) []byte { return []byte{23, 3, 3, 0xff, 0xff, 0} },
				func(err error) bool { return err != nil && err != io.EOF }},
		} {
			client, bc, c, w := pair(t, version)
			if _, err := client.Write([]byte("request")); err != nil {
				t.Fatal(err)
			}
			w.received, w.err, w.takes = [][]byte{test.end(bc.sent)}, io.EOF, 1<<20
			_, err := ready(c, w)
			if errors.Is(err, unix.EAGAIN) {
				_, err = ready(c, w)
			}
			if !test.want(err) {
				t.Errorf("%x, %s: %v", version, test.name, err)
			}
			if _, again := ready(c, w); errors.Is(again, unix.EAGAIN) {
				t.Errorf("%x, %s: it goes on", version, test.name)
			}
			if _, err := client.Write(nil); err != nil {
				t.Error(err)
			}
			_ = c.Close()
		}
	}
}

// TestManyEmptyRecords: records without content, which crypto/tls passes over, end the connection.
func TestManyEmptyRecords(t *testing.T) {
	client, bc, c, w := pair(t, tls.VersionTLS13)
	_, _ = client.Write([]byte("x"))
	w.received = [][]byte{bc.sent}
	if got, err := ready(c, w); string(got) != "x" || !errors.Is(err, unix.EAGAIN) {
		t.Fatal(got, err)
	}
	// A change_cipher_spec is ignored (RFC 8446 §5), but not any number of them.
	w.received, w.takes = [][]byte{bytes.Repeat([]byte{20, 3, 3, 0, 1, 1}, 200)}, 1<<20
	if _, err := ready(c, w); err == nil || errors.Is(err, unix.EAGAIN) {
		t.Error(err)
	}
}
