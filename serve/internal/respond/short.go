package respond

import (
	"hash/crc32"
	"io"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/transfer"
)

// ShortBody is the length in bytes up to which a body goes out in one write with its head.
const ShortBody = 64 << 10

// Short reports whether the body, if there is one, goes out in one write with its head. It is read
// before anything is sent, so an error can still become a 500.
func (x *Exchange) Short() bool {
	return x.Plan.Body.Kind != plan.PartsBody && x.Plan.Length <= ShortBody
}

// AppendBody appends a short body to Out. If that fails it returns false, and the answer has become
// another one, which needs another head and body, and may be longer: a 500 or 503, the same once
// more, or the content in another encoding.
func (r *Responder) AppendBody(x *Exchange) bool {
	if x.Plan.Body.Kind == plan.TextBody { // Prepare has checked it
		x.Out = append(x.Out, x.Plan.Body.Text...)
		return true
	}
	err := x.appendBody()
	if err == nil {
		err = x.view.CheckAll()
	}
	if err == nil && x.Plan.Body.Kind == plan.SpanBody {
		err = x.view.ProveSent(&x.Plan.Body.Node)
	}
	if err == nil {
		err = x.view.CheckBody()
	}
	if err == nil {
		return true
	}
	if !r.retry(x, err) {
		r.fail(x, err)
	}
	return false
}

// appendBody appends a short body to Out.
func (x *Exchange) appendBody() error {
	b := &x.Plan.Body
	body := x.room(b.Length)
	if b.Kind == plan.VariantBody {
		return x.view.ReadVariant(b, x.Plan.Encoding, body)
	}
	if x.member(body) {
		return nil
	}
	if f := x.view.Export(&b.Node); f != nil {
		_, err := f.ReadAt(body, b.Offset)
		return err
	}
	if b.Kind == plan.SpanBody || b.Node.Coding == plan.Plain {
		if err := transfer.ReadAt(x.view.Reader(&b.Node), body, b.Offset); err != nil {
			return err
		}
		if x.WholeMember() {
			x.view.Note(&b.Node)
		}
		if x.damaged(body) {
			return transfer.ErrDamaged
		}
		return nil
	}
	content, err := x.view.Content(&b.Node, b.Offset, b.Length)
	if err != nil {
		return err
	}
	defer content.Close()
	if _, err = io.ReadFull(content, body); err != nil {
		return err
	}
	// The reader checks what it has passed over when it is at the end of its range.
	if _, err = content.Read(nil); err == io.EOF {
		err = nil
	}
	return err
}

// member copies the body from mapped memory to b. It returns false if that is not a whole gzip
// member that was read lately.
func (x *Exchange) member(b []byte) bool {
	return x.WholeMember() && x.view.Member(&x.Plan.Body.Node, b, x.Now) && !x.damaged(b)
}

// WholeMember reports whether the body is a gzip member of the archive from its first byte to its
// last.
func (x *Exchange) WholeMember() bool {
	b := &x.Plan.Body
	return b.Kind == plan.SpanBody && b.Offset == b.Node.Offset && b.Length == b.Node.Length
}

// room makes Out n bytes longer and returns these.
func (x *Exchange) room(n int64) []byte {
	start, size := len(x.Out), int(n)
	if cap(x.Out)-start < size {
		x.Out = append(make([]byte, 0, start+size), x.Out...)
	}
	x.Out = x.Out[:start+size]
	return x.Out[start:]
}

// damaged reports whether body is all of a stored file's content, or a whole gzip member, and not
// what the index has a checksum of.
func (x *Exchange) damaged(body []byte) bool {
	b := &x.Plan.Body
	if x.WholeMember() && b.Node.Kind == plan.File && x.Plan.Encoding == plan.Gzip {
		return !archives.Trailed(body, &b.Node)
	}
	return b.Node.Coding == plan.Stored && x.Plan.Encoding == plan.Identity &&
		b.Length == b.Node.Size && crc32.ChecksumIEEE(body) != b.Node.CRC
}
