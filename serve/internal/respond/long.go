package respond

import (
	"errors"
	"io"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/transfer"
	"github.com/tarpack/tpk/tarpack/export"
)

// WriteBody sends the body. After an error it is incomplete, and the connection can't be used any
// more. The last bytes are sent only if everything was read from the generation that the ETag
// names.
func (x *Exchange) WriteBody(to io.Writer) error {
	b := &x.Plan.Body
	w := &transfer.Finish{W: to, Left: x.Plan.Length, Check: x.confirm}
	switch b.Kind {
	case plan.TextBody:
		// In chunks, since each has a timeout of its own.
		_, err := transfer.Copy(to, strings.NewReader(b.Text))
		return err
	case plan.SpanBody:
		if x.checking == archives.CheckSent {
			return x.writeChecked(w, &b.Node)
		}
		return x.writeRun(w, &b.Node, b.Offset, b.Length)
	case plan.VariantBody:
		return transfer.CopyAt(w, x.view.Variant(), b.Offset, b.Length)
	case plan.ContentBody:
		return x.writeContent(w, &b.Node, b.Offset, b.Length)
	case plan.InflatedBody:
		return x.writeInflated(w, &b.Node, b.Length)
	case plan.PartsBody:
		return x.writeParts(w, b)
	}
	return nil
}

// confirm returns an error if something that the answer was made of may be another generation's. If
// that is in doubt, it compares the file with the index again. A compressed file that must be
// signed is compared with what was signed.
func (x *Exchange) confirm() error {
	err := x.view.CheckAll()
	for range maxRetries {
		if !errors.Is(err, guard.ErrDoubtful) {
			break
		}
		if err = x.proveAgain(err); err == nil {
			err = x.view.CheckAll()
		}
	}
	if err == nil && x.Plan.Body.Kind == plan.SpanBody {
		err = x.view.ProveSent(&x.Plan.Body.Node)
	}
	if err == nil && x.Plan.Body.Kind == plan.VariantBody {
		err = x.view.CheckVariant(&x.Plan.Body, x.Plan.Encoding)
	}
	if err == nil {
		err = x.view.CheckBody()
	}
	return err
}

// proveAgain returns an error, or doubt, unless the file or download that was sent is what the
// index describes now. Archives that were only asked for it may have changed, too.
func (x *Exchange) proveAgain(doubt error) error {
	node := &x.Plan.Body.Node
	x.view.Renew()
	if err := x.view.ProvePlain(node); err != nil {
		return err
	}
	switch node.Kind {
	case plan.File:
		if err := x.view.Prove(node); err != nil {
			return err
		}
		return x.view.ProveSent(node)
	case plan.Download:
		return x.view.ProveWhole(node)
	}
	return doubt
}

// writeParts sends the parts of a multipart/byteranges body (RFC 9110 §14.6).
func (x *Exchange) writeParts(w *transfer.Finish, b *plan.Body) error {
	for i := range b.Parts {
		part := &b.Parts[i]
		if _, err := io.WriteString(w, part.Head); err != nil {
			return err
		}
		if err := x.writeContent(w, &b.Node, part.Offset, part.Length); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.Tail)
	return err
}

// writeContent sends n bytes of a node's content, from the offset off.
func (x *Exchange) writeContent(w *transfer.Finish, node *plan.Node, off, n int64) error {
	switch {
	case node.Coding == plan.Plain:
		if f := x.view.Export(node); f != nil {
			_, err := f.WriteRange(x.exportWriter(w, node), off, n)
			return err
		}
		return x.writeRun(w, node, off, n)
	case node.Coding == plan.Stored && !x.view.Unproven(node):
		if f, member := x.view.Range(node, node.Offset, node.Length); f != nil {
			if off == 0 && n == node.Size {
				return transfer.StoredChecked(w, f, member, n, node.CRC)
			}
			return transfer.Stored(w, f, member, off, n)
		}
	}
	content, err := x.view.Content(node, off, n)
	if err != nil {
		return err
	}
	defer content.Close()
	m, err := transfer.Copy(w, content)
	if err == nil && m != n {
		err = transfer.ErrShort
	}
	return err
}

// writeRun sends n bytes of a node's source, from the offset off.
func (x *Exchange) writeRun(w *transfer.Finish, node *plan.Node, off, n int64) error {
	if f, at := x.view.Range(node, off, n); f != nil {
		return transfer.CopyAt(x.view.Summed(w, node, at, n), f, at, n)
	}
	return transfer.CopyAt(w, x.view.Reader(node), off, n)
}

// spanSink is a writer that can send many spans of mapped memory by one system call.
type spanSink interface {
	// Spans returns a sender of spans of mapped, or nil if it can't send them.
	Spans(mapped []byte) export.SpanSender
}

// exportWriter returns the writer for a download that is put together from the spans of an archive.
func (x *Exchange) exportWriter(w *transfer.Finish, node *plan.Node) io.Writer {
	if s, ok := w.W.(spanSink); ok {
		if mapped := x.view.Mapped(node); mapped != nil {
			if sender := s.Spans(mapped); sender != nil {
				return &spanFinish{Finish: w, sender: sender, archive: x.view.Reader(node)}
			}
		}
	}
	return w
}

// spanFinish is a transfer.Finish for spans.
type spanFinish struct {
	*transfer.Finish
	sender  export.SpanSender
	archive io.ReaderAt
}

// SendSpans implements export.SpanSender. The system copies mapped memory while it sends it, so the
// last byte of the answer is copied before, and held back.
func (s *spanFinish) SendSpans(spans []export.Span) error {
	n := int64(0)
	for i := range spans {
		n += spans[i].Len()
	}
	if n < s.Left {
		err := s.sender.SendSpans(spans)
		if err == nil {
			s.Left -= n
		}
		return err
	}
	end := &spans[len(spans)-1]
	var last [1]byte
	if k := end.Len() - 1; end.Bytes != nil {
		last[0] = end.Bytes[k]
		end.Bytes = end.Bytes[:k]
	} else {
		if err := transfer.ReadAt(s.archive, last[:], end.Offset+k); err != nil {
			return err
		}
		end.Length = k
	}
	if err := s.sender.SendSpans(spans); err != nil {
		return err
	}
	s.Left = 1
	_, err := s.Write(last[:])
	return err
}
