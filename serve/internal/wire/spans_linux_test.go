package wire

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/edsrzf/mmap-go"

	"github.com/tarpack/tpk/serve/internal/transfer"
	"github.com/tarpack/tpk/tarpack/export"
)

// TestSendSpans sends pieces of a mapped file and of memory to a slow client, and then of the file
// cut short before them.
func TestSendSpans(t *testing.T) {
	content := make([]byte, 3<<20)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(content)
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Unmap()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.(*net.TCPConn).SetReadBuffer(8 << 10); err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.(*net.TCPConn).SetWriteBuffer(8 << 10); err != nil {
		t.Fatal(err)
	}
	var c Conn
	c.Init(server, 30*time.Second)
	sender := c.Spans(m)

	var spans []export.Span
	var want []byte
	for off := int64(0); off < 80_000; {
		n := int64(r.Uint64() % 5000)
		if n%3 == 0 {
			spans, want = append(spans, export.Span{Bytes: content[n : 2*n]}), append(want,
				content[n:2*n]...)
			continue
		}
		spans, want = append(spans, export.Span{Offset: off, Length: n}), append(want,
			content[off:off+n]...)
		off += n
	}
	sent := make(chan error, 1)
	go func() {
		sent <- sender.SendSpans(spans)
		server.(*net.TCPConn).CloseWrite()
	}()
	client.SetReadDeadline(time.Now().Add(20 * time.Second))
	got, err := io.ReadAll(client)
	if err := errors.Join(err, <-sent); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d of %d bytes: %v", len(got), len(want), err)
	}

	for _, span := range []export.Span{{Offset: int64(len(m)) - 5, Length: 6},
		{Offset: -1, Length: 1}} {
		if err := sender.SendSpans([]export.Span{span}); !errors.Is(err, transfer.ErrShort) {
			t.Errorf("%v, outside the file: %v", span, err)
		}
	}
	for _, size := range []int64{2 << 20, 100, 0} {
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		if err := sender.SendSpans([]export.Span{{Offset: 2 << 20, Length: 200}}); err == nil {
			t.Errorf("cut to %d bytes: no error", size)
		}
	}
}
