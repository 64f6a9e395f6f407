package http1

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// slowReader reads at most a piece at once, and sleeps before it.
type slowReader struct {
	net.Conn
	piece int
	sleep time.Duration
}

func (r slowReader) Read(b []byte) (int, error) {
	time.Sleep(r.sleep)
	return r.Conn.Read(b[:min(len(b), r.piece)])
}

// TestSlowClientGetsLargePage: a folder page of 8.3 MB reaches a client that takes 600 kB a second,
// as a file would. The timeout is for a chunk, not for the page. (The time is that of synctest.)
func TestSlowClientGetsLargePage(t *testing.T) {
	s := newServer(t, map[string]string{"folder/file": "x"}, plan.Options{Listing: true})
	s.WriteTimeout = 4 * time.Second
	page := strings.Repeat("a row of the table\n", 8_300_000/19)
	s.Responder.Lister = func(r *plan.Request, _ *archives.View, p *plan.Plan) error {
		p.Show(r, plan.Shown{Type: "text/html", Content: page})
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go s.Add(server, &Via{}).Serve()
		if _, err := io.WriteString(client, "GET /folder/ HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(slowReader{client, 60_000,
			100 * time.Millisecond}), nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(res.Body); err != nil || string(body) != page {
			t.Errorf("%s: %d of %d bytes, %v", res.Status, len(body), len(page), err)
		}
		_ = client.Close()
	})
}
