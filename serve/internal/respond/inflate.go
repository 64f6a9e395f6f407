package respond

import (
	"bufio"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/transfer"
)

// inflate finds out how long the content of a node is when inflated, which nothing records. Content
// that is damaged is not sent.
func (x *Exchange) inflate() error {
	node := &x.Plan.Body.Node
	content, err := x.openInflated(node)
	if err != nil {
		return err
	}
	defer content.Close()
	short, err := io.ReadAll(io.LimitReader(content, ShortBody+1))
	if err != nil {
		return err
	}
	if len(short) <= ShortBody {
		x.Plan.ShowInflated(int64(len(short)), short)
		return nil
	}
	rest, err := io.Copy(io.Discard, content)
	if err == nil {
		x.Plan.ShowInflated(int64(len(short))+rest, nil)
	}
	return err
}

// writeInflated sends all n bytes of a node's content when inflated. The last ones are sent only if
// the checksums of all are right.
func (x *Exchange) writeInflated(w *transfer.Finish, node *plan.Node, n int64) error {
	content, err := x.openInflated(node)
	if err != nil {
		return err
	}
	defer content.Close()
	m, err := transfer.Copy(w, io.LimitReader(content, n-ShortBody))
	if err != nil {
		return err
	}
	end, err := io.ReadAll(io.LimitReader(content, ShortBody+1))
	if err == nil && m+int64(len(end)) != n {
		err = transfer.ErrShort
	}
	if err != nil {
		return err
	}
	_, err = w.Write(end)
	return err
}

// inflated reads the content of a node through gzip. Its error io.EOF means that all checksums are
// right.
type inflated struct {
	io.Reader
	content io.Closer
}

func (f *inflated) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("its content is no intact gzip: %w", err)
	}
	return n, err
}

func (f *inflated) Close() error { return f.content.Close() }

// openInflated opens the content of a node, which is gzip.
func (x *Exchange) openInflated(node *plan.Node) (io.ReadCloser, error) {
	var content io.ReadCloser
	if node.Coding == plan.Plain {
		content = io.NopCloser(io.NewSectionReader(x.view.Reader(node), 0, node.Size))
	} else {
		var err error
		if content, err = x.view.Content(node, 0, node.Size); err != nil {
			return nil, err
		}
	}
	f := &inflated{content: content}
	z, err := gzip.NewReader(bufio.NewReader(content))
	if err != nil {
		_ = content.Close()
		return nil, fmt.Errorf("its content is no intact gzip: %w", err)
	}
	f.Reader = z
	return f, nil
}
