package pull

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/signature"
)

// ErrDamaged means that the archive on the server is not what its index states.
var ErrDamaged = errors.New("the server has another archive than its index states")

// ErrSet means that the archive is a shard set.
var ErrSet = errors.New("a shard set can't be pulled")

// ErrOld is a notice: the old archive can't be used, so everything is fetched.
var ErrOld = errors.New("nothing of it can be reused")

// ErrReplaced is a notice: a part of the old archive was damaged, and is fetched in its place.
var ErrReplaced = errors.New("what was copied from the old archive is damaged: fetching it")

// ErrSum is a notice: the archive on the server does not have the SHA-256 of Options.
var ErrSum = errors.New("the archive on the server has another SHA-256 than is stated for it")

// Options are the options of Pull. The zero value is usable.
type Options struct {
	// Old is the name of the archive or shard set to copy from; it must be there. "" means the archive
	// that is replaced, if there is one.
	Old      string
	Parallel int // requests at a time; 0 means 4
	Workers  int // goroutines that check; 0 means one for each CPU

	// Patch, if set, opens the patch that makes the new archive of an old one with this digest in its
	// trailer. It is called once at most. The error wraps fs.ErrNotExist if there is none.
	Patch func(ctx context.Context, oldDigest uint64) (Patch, error)
	// SHA256, if set, is that of the new archive, from where its publisher has written it. A result
	// with another one is replaced by bytes that are all fetched; if it still differs, ErrSum is a
	// notice. If the archive was opened with a signature, that one counts.
	SHA256 *signature.Hash

	// Before, if set, is called before anything is fetched, with the index of the old archive, or nil.
	// Its error is that of Pull.
	Before func(ctx context.Context, old *sidecar.Index) error
	// Checked, if set, is called with the new archive when it is complete and checked, before it gets
	// its name, and with the index of the old one, or nil. The archive and the index are valid until
	// it returns. Its error is that of Pull, and the next Pull fetches nothing once more.
	Checked func(ctx context.Context, a *tarpack.Archive, old *sidecar.Index) error

	// Notice, if set, is called with ErrOld, ErrReplaced, ErrPatch, ErrUnmade, ErrSum, and the notices
	// of opening the old archive.
	Notice func(error)
	// Progress, if set, is called while bytes are fetched, joined and checked, by one goroutine at a
	// time.
	Progress func(Progress)
}

// Progress is how far Pull has come, in bytes of the new archive.
type Progress struct {
	Reused  int64 // copied from the old archive, or made, when all is joined
	Fetched int64 // and those of earlier runs
	Total   int64 // of the archive
}

// Result describes what was pulled.
type Result struct {
	Entries      int64
	ArchiveBytes int64
	SidecarBytes int64
	Copied       int64 // bytes taken from the old archive
	Made         int64 // bytes of headers, padding and trailer that were made
	Fetched      int64 // bytes of the archive and of the patch that were asked for
	Patch        int64 // of these, bytes of the patch; 0: none was used
	Resumed      int64 // bytes that an earlier run had fetched
	Requests     int64 // for ranges of the archive
}

// Ranger is implemented by a source.Source that can be asked for any range of its bytes in one
// request.
type Ranger interface {
	Get(ctx context.Context, off, n int64) (io.ReadCloser, error)
}

// Resumer is implemented by a source.Source or a Patch whose Identity has more than is needed to go
// on with a download, such as a query of the URL that expires.
type Resumer interface {
	ResumeKey() string // names the generation; "" if that is not known
}

// resumeKey names the generation of an archive or a patch, so that what was fetched of it can be
// used later.
func resumeKey(file interface{ Identity() string }) string {
	if r, ok := file.(Resumer); ok {
		return r.ResumeKey()
	}
	return file.Identity()
}

func (o *Options) withDefaults() Options {
	d := *o
	d.Parallel = cmp.Or(max(0, d.Parallel), 4)
	if d.Notice == nil {
		d.Notice = func(error) {}
	}
	if d.Progress == nil {
		d.Progress = func(Progress) {}
	}
	return d
}

func (o *Options) scan() scan.Options { return scan.Options{Workers: o.Workers} }
