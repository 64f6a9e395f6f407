package engine

import (
	"io"
	"os"
	"sync"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/serve/plan"
)

// sink is where a body goes.
type sink interface {
	io.Writer
	// sendFile sends n bytes of f from off on, without f's own offset. Less than n is an error.
	sendFile(f *os.File, off, n int64) error
}

// sendfileMin is the least that is sent by sendfile. What sendfile has queued is still the file's own pages: if the file
// is cut short before the client has them, the client gets zeros from the new end to that of the page that holds it, or of the
// folio: hundreds of KiB were seen. A copy is a copy; it costs little where little is sent. What is large ends in a copied piece, before which the file must still
// be as long as it was.
const sendfileMin = 1 << 20

const chunk = 128 << 10 // of a body that is copied

var chunks = sync.Pool{New: func() any { b := make([]byte, chunk); return &b }}

// writeBody sends the body of a plan. Any error leaves it unfinished, and the connection must not be used further.
func (j *job) writeBody(w sink) error {
	b := &j.plan.Body
	switch b.Kind {
	case plan.TextBody:
		_, err := io.WriteString(w, b.Text)
		return err
	case plan.SpanBody:
		return sendRun(w, j.view.File(&b.Node), b.Offset, b.Length)
	case plan.ContentBody:
		return j.writeContent(w, &b.Node, b.Offset, b.Length)
	case plan.PartsBody:
		for i := range b.Parts {
			part := &b.Parts[i]
			if _, err := io.WriteString(w, part.Head); err != nil {
				return err
			}
			if err := j.writeContent(w, &b.Node, part.Offset, part.Length); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, b.Tail)
		return err
	}
	return nil
}

// writeContent sends bytes off to off+n of a node's content.
func (j *job) writeContent(w sink, node *plan.Node, off, n int64) error {
	switch node.Coding {
	case plan.Plain:
		if f := j.view.Export(node); f != nil {
			_, err := f.WriteRange(exportSink(w, j.view.Mapped(node), func() bool { return j.view.Whole(node) }), off, n)
			return err
		}
		return sendRun(w, j.view.File(node), off, n)
	case plan.Stored:
		return j.writeStored(w, node, off, n)
	}
	r, err := j.view.Content(node, off, n)
	if err != nil {
		return err
	}
	defer r.Close()
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	m, err := copyBuffer(w, r, *buf)
	if err == nil && m != n {
		err = errShort
	}
	return err
}

// fileSender is a sink for exports.
type fileSender struct{ sink }

func (s fileSender) SendFile(f *os.File, off, n int64) error { return s.sendFile(f, off, n) }

// sendRun sends n bytes of a file that lie in one piece.
func sendRun(w sink, f *os.File, off, n int64) error {
	if n < sendfileMin {
		return copyFile(w, f, off, n)
	}
	return guarded(f, func() error { return w.sendFile(f, off, n-chunk) }, func() error { return copyFile(w, f, off+n-chunk, chunk) })
}

// guarded sends the bulk of something by sendfile and its end by copying, unless the file has become shorter meanwhile.
func guarded(f *os.File, bulk, end func() error) error {
	before, err := f.Stat()
	if err != nil {
		return err
	}
	if err := bulk(); err != nil {
		return err
	}
	if after, err := f.Stat(); err != nil || after.Size() < before.Size() {
		return errShort
	}
	return end()
}

// writeStored sends content that stands in the archive as it is, but for five bytes before each 65,535.
func (j *job) writeStored(w sink, node *plan.Node, off, n int64) error {
	f := j.view.File(node)
	if n < sendfileMin {
		return storedRuns(f, node, off, n, func(f *os.File, off, n int64) error { return copyFile(w, f, off, n) })
	}
	return guarded(f, func() error { return storedRuns(f, node, off, n-chunk, w.sendFile) }, func() error {
		return storedRuns(f, node, off+n-chunk, chunk, func(f *os.File, off, n int64) error { return copyFile(w, f, off, n) })
	})
}

// storedRuns calls send for each run of bytes off to off+n of stored content.
func storedRuns(f *os.File, node *plan.Node, off, n int64, send func(f *os.File, off, n int64) error) error {
	for n > 0 {
		run := min(coding.StoredBlock-off%coding.StoredBlock, n)
		if err := send(f, node.Offset+gzmember.StoredOffset(off), run); err != nil {
			return err
		}
		off, n = off+run, n-run
	}
	return nil
}

// copyBuffer is io.CopyBuffer without its looks for other ways.
func copyBuffer(w io.Writer, r io.Reader, buf []byte) (total int64, err error) {
	for {
		n, err := r.Read(buf)
		if n > 0 {
			m, err := w.Write(buf[:n])
			if total += int64(m); err != nil {
				return total, err
			}
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// copyFile is sendFile for sinks that have no better way.
func copyFile(w io.Writer, f *os.File, off, n int64) error {
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	for n > 0 {
		b := (*buf)[:min(n, chunk)]
		if err := readAt(f, b, off); err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		off, n = off+int64(len(b)), n-int64(len(b))
	}
	return nil
}

// readAt fills b. A file that has less was cut short.
func readAt(f *os.File, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = errShort
	}
	return err
}
