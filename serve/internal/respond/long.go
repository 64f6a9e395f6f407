package respond

import (
	"io"
	"os"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/transfer"
)

// WriteBody sends the body. After an error it is incomplete, and the connection can't be used any
// more.
func (x *Exchange) WriteBody(w transfer.Sink) error {
	b := &x.Plan.Body
	switch b.Kind {
	case plan.TextBody:
		// In chunks, since each has a timeout of its own.
		_, err := transfer.Copy(w, strings.NewReader(b.Text))
		return err
	case plan.SpanBody:
		return x.writeRun(w, &b.Node, b.Offset, b.Length)
	case plan.ContentBody:
		return x.writeContent(w, &b.Node, b.Offset, b.Length)
	case plan.InflatedBody:
		return x.writeInflated(w, &b.Node, b.Length)
	case plan.PartsBody:
		return x.writeParts(w, b)
	}
	return nil
}

// writeParts sends the parts of a multipart/byteranges body (RFC 9110 §14.6).
func (x *Exchange) writeParts(w transfer.Sink, b *plan.Body) error {
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
func (x *Exchange) writeContent(w transfer.Sink, node *plan.Node, off, n int64) error {
	switch node.Coding {
	case plan.Plain:
		if f := x.view.Export(node); f != nil {
			_, err := f.WriteRange(x.exportWriter(w, node), off, n)
			return err
		}
		return x.writeRun(w, node, off, n)
	case plan.Stored:
		if f, member := x.view.Range(node, node.Offset, node.Length); f != nil {
			if off == 0 && n == node.Size {
				return x.writeStored(w, node, f, member)
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

// writeStored sends the whole content of a node of stored blocks, whose member begins at the offset
// member of f. It is complete only if its checksum is right. That of a long file is computed once,
// and again if the file has changed since.
func (x *Exchange) writeStored(w transfer.Sink, node *plan.Node, f *os.File, member int64) error {
	version := archives.Version(f)
	if node.Size >= transfer.SendfileMin && x.view.Sound(node, version) {
		return transfer.StoredKnown(w, f, member, node.Size, func() error {
			if archives.Version(f) == version {
				return nil
			}
			return transfer.CheckStored(f, member, node.Size, node.CRC)
		})
	}
	err := transfer.StoredChecked(w, f, member, node.Size, node.CRC)
	if err == nil && node.Size >= transfer.SendfileMin {
		x.view.NoteSound(node, version)
	}
	return err
}

// writeRun sends n bytes of a node's source, from the offset off.
func (x *Exchange) writeRun(w transfer.Sink, node *plan.Node, off, n int64) error {
	if f, at := x.view.Range(node, off, n); f != nil {
		return transfer.Run(w, f, at, n)
	}
	return transfer.CopyAt(w, x.view.Reader(node), off, n)
}

// spanSink is a Sink that can send many spans of mapped memory by one system call.
type spanSink interface {
	// Spans returns a writer of spans of mapped, or nil if it can't send them. It may be an
	// export.SpanSender. whole reports whether the file behind mapped is still as long.
	Spans(mapped []byte, whole func() bool) io.Writer
}

// exportWriter returns the writer for a download that is put together from the spans of an archive.
func (x *Exchange) exportWriter(w transfer.Sink, node *plan.Node) io.Writer {
	if s, ok := w.(spanSink); ok {
		if mapped := x.view.Mapped(node); mapped != nil {
			if sender := s.Spans(mapped, func() bool { return x.view.Whole(node) }); sender != nil {
				return sender
			}
		}
	}
	return w
}

// WriteRest sends the part of an answer that the client did not take at once. The answer is Out
// with the last member bytes of the body behind it, and the client has n bytes of both. It returns
// how many the client has then.
//
// A client may let its answer wait. So the body is read from the file and not from where it is
// mapped: in a file that is cut short meanwhile, a mapping has zeros up to the end of the page.
func (x *Exchange) WriteRest(w io.Writer, member, n int) (int, error) {
	if n < len(x.Out) {
		k, err := w.Write(x.Out[n:])
		if n += k; err != nil {
			return n, err
		}
	}
	left := int64(len(x.Out) + member - n)
	if left == 0 {
		return n, nil
	}
	b := &x.Plan.Body
	k, err := transfer.CopySlowly(w, io.NewSectionReader(x.view.Reader(&b.Node),
		b.Offset+b.Length-left, left))
	if err == nil && k != left {
		err = transfer.ErrShort
	}
	return n + int(k), err
}
