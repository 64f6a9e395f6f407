package archives

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/source"
)

// proof is what is known of an archive that may not be what its index describes: a copy may have
// stopped halfway. It is checked in the background. Until then, each member is compared with the
// hash in the index before its first use.
type proof struct {
	archive *archive
	began   time.Time
	all     atomic.Bool     // every byte is right
	done    atomic.Bool     // every member was compared, and not every byte is right
	good    []atomic.Uint64 // a bit for each ordinal
	reading chan struct{}   // has room for the requests that read a member at the same time

	mu  sync.Mutex
	bad map[int]error // by ordinal
}

// provedAtOnce is the size in bytes of the largest content that a request reads for its proof.
// Larger ones are answered with 503 until the check in the background has reached them.
const provedAtOnce = 32 << 20

// ErrUnproven means that a member was not compared with the index yet. The log has a line about it.
var ErrUnproven = fmt.Errorf("%w: it is being checked", source.ErrUnavailable)

// beginProof makes everything in the archive doubtful, and begins to check it. The archive must be
// in use.
func (a *archive) beginProof() {
	p := &proof{archive: a, began: time.Now(), good: make([]atomic.Uint64, a.index.Len()/64+1),
		reading: make(chan struct{}, 2), bad: map[int]error{}}
	a.proof.Store(p)
	a.refs.Add(1)
	if !a.library.begin(func() {
		defer a.release()
		p.checkAll(a.library.ctx)
	}) {
		a.release()
	}
}

// prove returns an error if the content of entry i is not what the index describes, or that is not
// known yet. It may read the content.
func (p *proof) prove(i int, size int64) error {
	if p == nil || p.all.Load() || p.good[i/64].Load()&(1<<(i%64)) != 0 {
		return nil
	}
	p.mu.Lock()
	err := p.bad[i]
	p.mu.Unlock()
	if err != nil {
		return err
	}
	if size > provedAtOnce {
		return ErrUnproven
	}
	p.reading <- struct{}{}
	defer func() { <-p.reading }()
	return p.compare(context.Background(), i)
}

// compare is archive.compare, and remembers the result.
func (p *proof) compare(ctx context.Context, i int) error {
	a := p.archive
	p.settle()
	err := a.compare(ctx, i)
	// What was read is the content only if nothing has changed it meanwhile.
	if changed := a.check(p, 0, a.tar.Size()); changed != nil {
		return changed
	}
	switch {
	case err == nil:
		p.good[i/64].Or(1 << (i % 64))
	case damaged(err):
		p.mu.Lock()
		defer p.mu.Unlock()
		p.bad[i] = err
	}
	return err
}

// settle waits until each further change of the archive's files will show.
func (p *proof) settle() {
	time.Sleep(time.Until(p.began.Add(changetime.Tick))) // for the shards of a set
	for _, g := range p.archive.guards {
		for !g.stamp.Load().Settled(time.Now()) {
			time.Sleep(time.Millisecond)
		}
	}
}

// compare reads the content of entry i and compares it with the index.
func (a *archive) compare(ctx context.Context, i int) error {
	e, err := a.index.Entry(i)
	if err != nil || e.Size == 0 {
		return a.wrap(err)
	}
	r, err := a.tar.OpenContent(i)
	if err != nil {
		return a.wrap(err)
	}
	defer r.Close()
	var d format.ContentDigest
	d.Reset()
	for at := int64(0); err == nil; at += 1 << 20 {
		if err = context.Cause(ctx); err == nil {
			_, err = io.CopyN(&d, r, 1<<20)
		}
	}
	if err != io.EOF {
		return fmt.Errorf("%w: entry %d: %w", format.ErrCorrupt, i, a.wrap(err))
	}
	was := e.Hash
	if d.Record(&e); d.Size() != e.Size || e.Hash != was {
		return fmt.Errorf("%w: entry %d is not the content that the index describes",
			format.ErrCorrupt, i)
	}
	return nil
}

// checkAll checks the archive as a whole. If that finds something wrong, it compares each member
// with the index. Downloads contain everything, so they need a whole archive.
func (p *proof) checkAll(ctx context.Context) {
	a := p.archive
	p.settle()
	whole := a.tar.Check(ctx, 1)
	if ctx.Err() != nil || a.check(p, 0, a.tar.Size()) != nil {
		return // the server ends, or there will be another proof
	}
	if whole == nil {
		p.all.Store(true)
		return
	}
	var wrong []int
	for i := range a.index.Len() {
		e, err := a.index.Entry(i)
		if err == nil && e.Type == sidecar.TypeFile {
			err = p.compare(ctx, i)
		}
		switch {
		case ctx.Err() != nil, errors.Is(err, source.ErrChanged):
			return
		case err != nil:
			wrong = append(wrong, i)
		}
	}
	message := "downloads of folders are answered with 500"
	if len(wrong) > 0 {
		path, _ := a.index.Path(wrong[0])
		message = fmt.Sprintf("%s answered with 500, as %q",
			count.Of(len(wrong), "file is", "files are"), path)
	}
	if damaged(whole) {
		p.done.Store(true)
		whole = errors.New("it is not what its index describes")
	} else if len(wrong) == 0 {
		message = "downloads of folders are answered with 503"
	}
	a.library.notice(fmt.Sprintf("%s: %v: %s. Copy the archive and its index again", a.name, whole,
		message))
}

// damaged reports whether an error of reading an archive means that it is not what it should be.
func damaged(err error) bool {
	return errors.Is(err, format.ErrCorrupt) || errors.Is(err, format.ErrTruncated) ||
		errors.Is(err, format.ErrVersion) || errors.Is(err, io.ErrUnexpectedEOF)
}

// Prove returns an error if the content of a node is not what the index describes.
func (v *View) Prove(n *plan.Node) error {
	if n.Source == plainSource || n.Kind != plan.File || n.Size == 0 {
		return nil
	}
	a, err := v.touch(n.Source)
	if err != nil {
		return err
	}
	t := v.noted(n.Source)
	t.proof = a.proof.Load()
	return t.proof.prove(n.Entry, n.Size)
}

// provedWhole returns an error unless every byte of an archive is what it should be.
func (a *archive) provedWhole(p *proof) error {
	switch {
	case p == nil || p.all.Load():
		return nil
	case p.done.Load():
		return a.wrap(format.ErrCorrupt)
	}
	return a.wrap(ErrUnproven)
}
