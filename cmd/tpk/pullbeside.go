package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/patch"
	"github.com/tarpack/tpk/tarpack/pull"
	"github.com/tarpack/tpk/tarpack/signature"
)

// openPatch opens the patch beside the archive that is pulled.
func (o *pullOptions) openPatch(c *cli.Context, oldDigest uint64) (pull.Patch, error) {
	return reading.OpenBeside(c, o.url, patch.Name("", oldDigest))
}

// statedSum returns the SHA-256 of an archive in the checksums beside it, or nil if there are none.
// Without a public key they prove nothing about the publisher, but they show whether the result is
// what is on the server. If they are those of another archive, that is a notice.
func (o *pullOptions) statedSum(c *cli.Context, a *tarpack.Archive) (*signature.Hash, error) {
	f, err := reading.OpenBeside(c, o.url, signature.SumSuffix)
	if err != nil {
		return nil, context.Cause(c.Context)
	}
	defer f.Close()
	if f.Size() > signature.MaxArchiveSum {
		return nil, nil
	}
	text := make([]byte, f.Size())
	if _, err := f.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, context.Cause(c.Context)
	}
	sum, err := signature.Parse(text)
	if err != nil { // of another program
		return nil, nil
	}
	var header sidecar.Header
	if _, err := a.Index().ReadAt(header[:], 0); err != nil {
		return nil, err
	}
	if len(sum.Files) != 1 || sum.Size != a.Size() || sum.Index != sha256.Sum256(header[:]) {
		o.pull.Notice(fmt.Errorf("%s: %w", a.Name(), pull.ErrSum))
		return nil, nil
	}
	return &sum.Files[0].SHA256, nil
}
