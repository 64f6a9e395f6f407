package remote

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/signature"
)

// maxSigned is more bytes than the checksums of one archive, or a signature, have.
const maxSigned = 64 << 10

// signed reads and checks the checksums beside an archive, and their signature. It returns nil
// without Trust.
func (o *Options) signed(ctx context.Context, rawURL string) (*signature.Signed, error) {
	if o.Trust == nil {
		return nil, nil
	}
	s, err := o.store(rawURL)
	if err != nil {
		return nil, err
	}
	text, err := o.small(ctx, s.Name(), beside(rawURL, signature.SumSuffix))
	if err != nil {
		return nil, err
	}
	sig, err := o.small(ctx, s.Name(), beside(rawURL, signature.SignatureSuffix))
	if err != nil {
		return nil, err
	}
	name := s.Name()
	if !strings.HasPrefix(name, s3Scheme) { // the checksums have the name of the file
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
	}
	return o.Trust.Check(name, text, sig)
}

// small reads a file that is signed, or a signature, of the archive shown.
func (o *Options) small(ctx context.Context, shown, rawURL string) ([]byte, error) {
	f := o.object(ctx, rawURL, maxSigned)
	switch {
	case isMissing(f.err):
		return nil, fmt.Errorf("%s: %w: %w", shown, signature.ErrUnsigned, f.err)
	case f.err != nil:
		return nil, f.err
	}
	return read(f.x)
}

// read returns what an object has, which Open has read already.
func read(x *object.Object) ([]byte, error) {
	if x.Size() > maxSigned {
		return nil, fmt.Errorf("%s: %w: it has %d bytes", x.Name(), signature.ErrUnsigned, x.Size())
	}
	b := make([]byte, x.Size())
	_, err := x.ReadAt(b, 0)
	return b, err
}
