package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/tarpack/tpk/tarpack/signature"
)

// VerifyOptions are the options of File.Verify. The zero value is usable.
type VerifyOptions struct {
	// Trust, if set, demands that the archive was signed, with the bytes that are there.
	Trust *signature.Trust
	// Progress, if set, is called with the bytes that were read since the last call.
	Progress func(n int64)
}

// Verify reads all that was bundled, and compares it with the SHA-256 sums that Make has written.
// It returns how many bytes there are. The error wraps ErrDamaged, or signature.ErrRefused.
//
// Without Trust this finds damage, but not what was changed on purpose together with its sum. The
// program itself is not compared: the system's signatures change it.
func (b *File) Verify(ctx context.Context, o VerifyOptions) (size int64, err error) {
	var signed *signature.Signed
	if o.Trust != nil {
		if signed, err = b.signed(o.Trust); err != nil {
			return 0, err
		}
	}
	for i, p := range b.Files {
		h := sha256.New()
		r := &meteredReader{ctx, io.NewSectionReader(b.f, b.offset(p), p.Size), o.Progress}
		if _, err := io.Copy(h, r); err != nil {
			return 0, err
		}
		sum := h.Sum(nil)
		if hex.EncodeToString(sum) != p.SHA256 {
			return 0, fmt.Errorf("%w: %s has other bytes than when it was bundled", ErrDamaged,
				b.Archive+p.Suffix)
		}
		if i == 0 && signed != nil &&
			(len(signed.Files) != 1 || [sha256.Size]byte(sum) != signed.Files[0].SHA256) {
			return 0, fmt.Errorf("%w: %s is not what was signed", signature.ErrRefused, b.Archive)
		}
		size += p.Size
	}
	return size, nil
}

// meteredReader reports what is read, and ends with its context.
type meteredReader struct {
	ctx      context.Context
	r        io.Reader
	progress func(int64)
}

func (m *meteredReader) Read(b []byte) (int, error) {
	if m.ctx.Err() != nil {
		return 0, context.Cause(m.ctx)
	}
	n, err := m.r.Read(b)
	if m.progress != nil && n > 0 {
		m.progress(int64(n))
	}
	return n, err
}
