package remote

import (
	"context"

	"github.com/tarpack/tpk/tarpack/remote/object"
)

// A Beside is an object beside an archive.
type Beside struct {
	*object.Object
	release func()
}

// Close releases what Open made for the options. No other method may be running.
func (b *Beside) Close() error {
	b.release()
	return nil
}

// OpenBeside opens the object beside an archive whose name has a suffix, such as that of a patch.
// Of the Options it heeds Web, S3, Notice and those of object.Options. Errors wrap those of package
// object.
func OpenBeside(ctx context.Context, rawURL, suffix string, o *Options) (*Beside, error) {
	o, release, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	x := o.object(ctx, beside(rawURL, suffix), firstIndex)
	if x.err != nil {
		release()
		return nil, x.err
	}
	return &Beside{x.x, release}, nil
}
