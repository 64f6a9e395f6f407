package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"io"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/source"
)

// archiveSource is the source.Source of an archive on a server.
type archiveSource struct {
	*blocks.Generation
	object *object.Object
	ownIndex
	release func()
}

func newSource(cache *blocks.Cache, x *object.Object, release func()) *archiveSource {
	return &archiveSource{Generation: cache.Open(key(x), x.Size(), x.Get), object: x,
		release: release}
}

// ownIndex is the sidecar of a source, which is closed with it, or none.
type ownIndex struct{ index *index }

func (o *ownIndex) keep(x *index) { o.index = x }

func (o *ownIndex) sidecar() *index { return o.index }

// key identifies the generation of an object in a cache. One that can't be identified, without a
// strong ETag, gets a key of its own, so nothing that was fetched before is used for it.
func key(x *object.Object) string {
	if id := x.Identity(); id != "" {
		return id
	}
	return rand.Text()
}

// confirmEmbedded keeps the index that the archive has in itself, if it was small enough to be
// checked when it was opened.
func (s *archiveSource) confirmEmbedded(
	attempt source.Attempt, a *tarpack.Archive, checked int64,
) {
	if e, err := a.Embedded(); err == nil && e.Size <= checked {
		attempt.Confirm(e.Base, s.Size()-e.Base)
	}
}

// stopAhead makes reading ahead stop before long files.
func (s *archiveSource) stopAhead(l longMembers) { s.StopAhead(l) }

// Begin implements source.Keeper.
func (s *archiveSource) Begin(int64) source.Attempt { return s.Generation.Begin() }

// Get returns n bytes from offset off, asked for in one request and not kept in the cache. See
// object.Object.
func (s *archiveSource) Get(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	return s.object.Get(ctx, off, n)
}

// Identity implements source.Source.
func (s *archiveSource) Identity() string { return s.object.Identity() }

// ResumeKey is Identity without the query of the URL. See object.Object.
func (s *archiveSource) ResumeKey() string { return s.object.ResumeKey() }

// Cancel ends all requests for the archive and its sidecar with an error, and those that would be
// made later. See also package remote's Cancel.
func (s *archiveSource) Cancel(cause error) {
	s.Generation.Cancel(cause)
	if s.index != nil {
		s.index.blocks.Cancel(cause)
	}
}

// Check implements source.Source.
func (s *archiveSource) Check() error { return s.object.Check(context.Background()) }

// Close implements source.Source. The sidecar.Index is closed before it.
func (s *archiveSource) Close() (err error) {
	if s.index != nil {
		err = s.index.close()
	}
	err = errors.Join(err, s.Generation.Close())
	s.release()
	return err
}
