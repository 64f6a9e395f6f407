package http2

import (
	"fmt"
	"os"
	"testing"

	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/servetest"
)

// TestPreparedOverwritten: the archive is written over when the answers to one read are prepared
// and not sent yet. None of the old content is sent.
func TestPreparedOverwritten(t *testing.T) {
	old, replaced := map[string]string{}, map[string]string{}
	for i := range 5 {
		name := fmt.Sprintf("%d.txt", i)
		old[name], replaced[name] = "old content "+name, "new content "+name
	}
	name := servetest.Archive(t, old)
	other, err := os.ReadFile(servetest.Archive(t, replaced))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, old)
	s.Responder = servetest.ResponderOf(t, name, plan.Options{})
	p := newPeer(t, s)
	request := func(first uint32) {
		for i := range 5 {
			p.headers(first+uint32(2*i), true, get(fmt.Sprintf("/%d.txt", i))...)
		}
	}
	request(1)
	p.flush() // reads them, so that they are answered at once
	p.await(1, 3, 5, 7, 9)

	request(11)
	p.conn.receive(p.written.Bytes())
	p.written.Reset()
	p.conn.takeOutput()
	p.conn.handleFrames()
	if len(p.conn.prepared) != 5 || len(p.conn.out) > 0 {
		t.Fatalf("%d prepared, %d bytes of output", len(p.conn.prepared), len(p.conn.out))
	}
	if err := os.WriteFile(name, other, 0o644); err != nil {
		t.Fatal(err)
	}
	p.turn()
	p.await(11, 13, 15, 17, 19)
	for i := range 5 {
		a := p.answers[uint32(11+2*i)]
		status, want := a.fields[":status"], replaced[fmt.Sprintf("%d.txt", i)]
		if status != "503" && (status != "200" || string(a.body) != want) {
			t.Errorf("file %d: %s %q", i, status, a.body)
		}
	}
}

// TestPreparedFull: more requests than are checked together, and more content than fits into the
// output, come in one piece. All are answered.
func TestPreparedFull(t *testing.T) {
	s := newServer(t, map[string]string{"a.txt": site()["noise.bin"][:9000]})
	p := newPeer(t, s)
	p.widen(1 << 24)
	const requests = 3*maxPrepared + 1
	var ids []uint32
	for i := range requests {
		ids = append(ids, uint32(1+2*i))
		p.headers(ids[i], true, get("/a.txt")...)
	}
	p.flush()
	p.await(ids...)
	for _, id := range ids {
		if a := p.answers[id]; a.fields[":status"] != "200" || len(a.body) != 9000 {
			t.Errorf("stream %d: %v, %d bytes", id, a.fields, len(a.body))
		}
	}
	if p.largest > mostOutput {
		t.Errorf("%d bytes of output", p.largest)
	}
}
