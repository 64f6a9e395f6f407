package http2

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/respond"
)

// TestLingering: a connection that has ended is read from for a while, also if a shutdown ends the
// reads.
func TestLingering(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	go func() { _, _ = io.Copy(io.Discard, client) }()
	b := &blocking{nc: server}
	b.conn = newConn(newServer(t, site()), &respond.Peer{Remote: "peer"}, time.Now(), b.wake)
	defer b.conn.end()
	if !b.step([]byte(strings.Repeat("no preface ", 3)), nil) || b.lingering.IsZero() {
		t.Fatal("it does not linger")
	}
	b.lingering = time.Now().Add(time.Hour)
	if !b.step(nil, os.ErrDeadlineExceeded) || !b.step([]byte("more"), nil) {
		t.Error("it does not linger for long enough")
	}
	b.lingering = time.Now()
	if b.step(nil, os.ErrDeadlineExceeded) || b.step([]byte("more"), nil) {
		t.Error("it lingers for too long")
	}
}
