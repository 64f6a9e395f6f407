package respond

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/transfer"
)

// writeChecked sends the whole gzip member of a node, and inflates it meanwhile. The last bytes are
// sent only if the checksums of all are right.
func (x *Exchange) writeChecked(w *transfer.Finish, node *plan.Node) error {
	check := startCheck(node)
	defer check.stop()
	n := node.Length - min(node.Length, transfer.Chunk)
	err := transfer.CopyAt(io.MultiWriter(check, w), x.view.Reader(node), node.Offset, n)
	if err != nil {
		if check.failed { // the first wrong byte ends it
			x.view.SentWrong()
		}
		return err
	}
	end := make([]byte, node.Length-n)
	if err := transfer.ReadAt(x.view.Reader(node), end, node.Offset+n); err != nil {
		return err
	}
	if !archives.Trailed(end, node) || !check.ends(end) {
		x.view.SentWrong()
		return transfer.ErrDamaged
	}
	x.view.SentRight()
	_, err = w.Write(end)
	return err
}

// memberCheck inflates a member that is written to it, in a goroutine.
type memberCheck struct {
	to     *io.PipeWriter
	ended  chan error // of inflating all
	failed bool       // a Write has failed
}

func startCheck(node *plan.Node) *memberCheck {
	from, to := io.Pipe()
	c := &memberCheck{to: to, ended: make(chan error, 1)}
	go func() {
		err := checkMember(from, node)
		_ = from.CloseWithError(transfer.ErrDamaged) // nothing may follow
		c.ended <- err
	}()
	return c
}

// Write implements io.Writer. It fails after the member has turned out to be wrong.
func (c *memberCheck) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.failed = c.failed || err != nil
	return n, err
}

// ends reports whether the member is right, with its last bytes.
func (c *memberCheck) ends(b []byte) bool {
	if _, err := c.Write(b); err != nil {
		return false
	}
	_ = c.to.Close()
	return <-c.ended == nil
}

func (c *memberCheck) stop() { _ = c.to.CloseWithError(io.ErrUnexpectedEOF) }

// checkMember reads one gzip member and compares it with its own checksum, and with the size and
// SHA-256 of the node.
func checkMember(r io.Reader, node *plan.Node) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	var sum hash.Hash
	to := io.Discard
	if node.SHA256 != [32]byte{} {
		sum = sha256.New()
		to = sum
	}
	n, err := io.Copy(to, z) // another member that follows would be content, too
	switch {
	case err != nil:
		return err
	case n != node.Size:
		return transfer.ErrDamaged
	case sum != nil && !bytes.Equal(sum.Sum(nil), node.SHA256[:]):
		return transfer.ErrDamaged
	}
	return nil
}
