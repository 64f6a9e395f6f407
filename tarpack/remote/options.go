package remote

import (
	"cmp"
	"sync"
	"time"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/remote/web"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Options are the options of Open. The zero value, or nil, is usable. A program that opens several
// archives should give all of them the same Web, S3 and Blocks, which share connections and limits.
type Options struct {
	Web *web.Client // asks for http and https URLs; nil means one without credentials
	S3  *s3.Client  // asks for s3 URLs; nil means one for Amazon
	// Blocks keeps what was fetched. nil means memory, and little of that.
	Blocks *blocks.Cache

	// Sidecar is the URL of the sidecar, if it is not beside the archive.
	Sidecar string
	// LoadIndex is the size of an index in bytes up to which it is downloaded whole. 0 means 64 MiB.
	LoadIndex int64
	// BuildIndex builds the index if there is no usable one. That fetches the whole archive. Blocks
	// keeps the index, as long as there is room, until the archive changes. Without BuildIndex the
	// error wraps format.ErrNoSidecar or format.ErrStale.
	BuildIndex bool
	Workers    int // goroutines that build an index; 0 means one for each CPU
	// Trust, if set, demands that the archive was signed. See tarpack.OpenOptions.
	Trust *signature.Trust

	// Retries, RetryAfter, HeaderTimeout and StallTimeout are those of object.Options.
	Retries       int
	RetryAfter    time.Duration
	HeaderTimeout time.Duration
	StallTimeout  time.Duration

	// Notice, if set, is called with object.ErrWeak, and with ErrBuilding.
	Notice func(error)
	// Progress, if set, is called while an index is built, always from the same goroutine.
	Progress func(format.Progress)
}

// withDefaults returns a copy of the options that can be used, and a function that releases what is
// not the caller's.
func (o *Options) withDefaults() (_ *Options, release func(), err error) {
	d := Options{}
	if o != nil {
		d = *o
	}
	d.LoadIndex = cmp.Or(d.LoadIndex, 64<<20)
	if notice := d.Notice; notice != nil { // the archive and its sidecar are opened at the same time
		var mu sync.Mutex
		d.Notice = func(err error) {
			mu.Lock()
			defer mu.Unlock()
			notice(err)
		}
	}
	var opened []interface{ Close() }
	if d.Web == nil {
		c, err := web.New(nil)
		if err != nil {
			return nil, nil, err
		}
		d.Web, opened = c, append(opened, c)
	}
	if d.S3 == nil {
		c, err := s3.New(nil)
		if err != nil {
			return nil, nil, err
		}
		d.S3, opened = c, append(opened, c)
	}
	return &d, func() {
		for _, c := range opened {
			c.Close()
		}
	}, nil
}
