package remote

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/signature"
)

// maxSigned is more bytes than the checksums of one archive, or a signature, have. maxShardSum is
// more than what a set has for each shard besides.
const (
	maxSigned   = 64 << 10
	maxShardSum = 512
)

// signed reads and checks the checksums beside an archive or the list of a set, and their
// signature. It returns nil without Trust.
func (o *Options) signed(ctx context.Context, rawURL string) (*signature.Signed, error) {
	if o.Trust == nil {
		return nil, nil
	}
	s, err := o.store(rawURL)
	if err != nil {
		return nil, err
	}
	most := int64(maxSigned)
	if set, ok := parseListURL(rawURL); ok {
		most += int64(set.names.N) * maxShardSum
	}
	text, err := o.small(ctx, s.Name(), beside(rawURL, signature.SumSuffix), most)
	if err != nil {
		return nil, err
	}
	sig, err := o.small(ctx, s.Name(), beside(rawURL, signature.SignatureSuffix), maxSigned)
	if err != nil {
		return nil, err
	}
	name := s.Name()
	if !isS3(name) { // the checksums have the name of the file
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
	}
	return o.Trust.Check(name, text, sig)
}

// small reads a file of at most most bytes that is signed, or a signature, of the archive shown.
func (o *Options) small(ctx context.Context, shown, rawURL string, most int64) ([]byte, error) {
	f := o.object(ctx, rawURL, maxSigned)
	switch {
	case IsMissing(f.err):
		return nil, fmt.Errorf("%s: %w: %w", shown, signature.ErrUnsigned, f.err)
	case f.err != nil:
		return nil, f.err
	case f.x.Size() > most:
		return nil, fmt.Errorf("%s: %w: it has %d bytes", f.x.Name(), signature.ErrUnsigned, f.x.Size())
	}
	return readWhole(ctx, f.x)
}

// readWhole returns all bytes of an object.
func readWhole(ctx context.Context, x *object.Object) ([]byte, error) {
	r, err := x.Get(ctx, 0, x.Size())
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, x.Size())
	_, err = io.ReadFull(r, b)
	return b, err
}
