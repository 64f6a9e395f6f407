package variants

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/semaphore"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/format"
)

// minContent is the fewest bytes of a content that is tried. The headers of an answer have more.
const minContent = 128

// memoryLimit is the number of bytes that the contents in the queue may take, with what they are
// encoded to.
const memoryLimit = 256 << 20

// A job is one content on its way from the archive to the file.
type job struct {
	ordinal int
	size    int64 // of the content
	gzip    int64 // bytes of its member
	stored  bool  // the member is not compressed
	kind    string

	ready   chan struct{} // closed when the rest is set
	sum     sidecar.Sum
	encoded [variants.NumCodings]variants.Encoded
	reused  bool
	// siblings is how many of the encoded are siblings.
	siblings int
	err      error
}

// hasVariant reports whether there is a variant.
func (j *job) hasVariant() bool {
	return slices.ContainsFunc(j.encoded[:], func(e variants.Encoded) bool { return len(e.Bytes) > 0 })
}

// memory returns how many bytes the job may take.
func (j *job) memory() int64 { return min(4*j.size+64<<10, memoryLimit) }

// A queue hands each job to a worker, and all of them in order to the writer.
type queue struct {
	jobs    chan *job
	ordered chan *job
	room    *semaphore.Weighted
}

func newQueue(workers int) *queue {
	return &queue{
		jobs: make(chan *job), ordered: make(chan *job, 4*workers),
		room: semaphore.NewWeighted(memoryLimit),
	}
}

// push adds a job. It waits until there is room.
func (q *queue) push(ctx context.Context, j *job) error {
	if err := q.room.Acquire(ctx, j.memory()); err != nil {
		return context.Cause(ctx)
	}
	for _, to := range []chan *job{q.ordered, q.jobs} {
		select {
		case to <- j:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// release returns the room of a job that was written.
func (q *queue) release(j *job) { q.room.Release(j.memory()) }

// list pushes the contents from the ordinal next on.
func (b *builder) list(ctx context.Context, next int, q *queue) error {
	defer close(q.jobs)
	defer close(q.ordered)
	x := b.a.Index()
	for row, err := range x.All(next, x.Len()) {
		if err != nil {
			return err
		}
		if !isCandidate(&row.Entry) {
			continue
		}
		j := &job{
			ordinal: row.Ordinal, size: row.Entry.Size, gzip: row.Entry.ContentLen,
			stored: row.Entry.Coding == coding.Stored,
			kind:   kindOf(row.Path), ready: make(chan struct{}),
		}
		if err := q.push(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// isCandidate reports whether variants of an entry are tried.
func isCandidate(e *sidecar.Entry) bool {
	return e.Type == sidecar.TypeFile && e.Size >= minContent && e.Size <= variants.MaxContent
}

// Work returns how many contents of an index Build tries, and their bytes.
func Work(x *sidecar.Index) (goal format.Progress) {
	for row, err := range x.All(0, x.Len()) {
		if err == nil && isCandidate(&row.Entry) {
			goal.Entries++
			goal.Bytes += row.Entry.Size
		}
	}
	return goal
}

// pageKind is the kind of the contents that get a dictionary: web pages. Browsers learn of it from
// a page, and fetch it once they are idle. A visit has many pages, and few files of other kinds.
const pageKind = ".html"

// isDotted reports whether a name on a path starts with a dot. Servers hide such files, but send
// the dictionary to everybody.
func isDotted(name []byte) bool {
	return bytes.HasPrefix(name, []byte(".")) || bytes.Contains(name, []byte("/."))
}

// kindOf returns the kind of dictionary for an entry, or "".
func kindOf(name []byte) string {
	i := bytes.LastIndexByte(name, '/')
	switch strings.ToLower(path.Ext(string(name[i+1:]))) {
	case ".html", ".htm", ".xhtml":
		return pageKind
	}
	return ""
}
