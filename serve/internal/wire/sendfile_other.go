//go:build !linux

package wire

import (
	"os"

	"github.com/tarpack/tpk/serve/internal/transfer"
)

type sendfileCall struct{}

// SendFile sends n bytes of f, from the offset off, by copying them.
func (c *Conn) SendFile(f *os.File, off, n int64) error { return transfer.CopyAt(c, f, off, n) }
