package guard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// Proof is what is known of an archive that may not be what its index describes. Each member is
// compared with the hash in the index before its first use.
//
// A copy may have stopped halfway; then the whole archive is checked in the background. One that
// must be signed may have been forged. Its contents are compared with the SHA-256 that was signed,
// and the whole archive only before the first download.
//
// An archive whose attributes or names have changed is most likely what it was. So nothing of it is
// refused: what takes long to compare is sent meanwhile, except for the last bytes.
type Proof struct {
	guard   *Guard
	index   *sidecar.Index
	began   time.Time
	signed  bool
	touched bool            // only attributes or names have changed
	busy    atomic.Bool     // the whole archive is being compared with what was signed
	checked atomic.Uint64   // how many checks of the whole archive have ended
	all     atomic.Bool     // every byte is right
	done    atomic.Bool     // every member was compared, and not every byte is right
	good    []atomic.Uint64 // a bit for each ordinal
	reading chan struct{}   // has room for the requests that read a member at the same time
	long    chan struct{}   // the same for members larger than provedAtOnce

	mu  sync.Mutex
	bad map[int]error // by ordinal
}

// provedAtOnce is the size in bytes of the largest content that a request reads for its proof.
// Larger ones are answered with 503 until the check in the background has reached them. Those that
// must be signed are checked while they are sent, and those for which Later reports true are
// checked afterwards.
const provedAtOnce = 32 << 20

// checkAfter is how long after a change of attributes or names the whole archive is compared with
// its index, if it is still served then: most often a name changes because another archive takes
// its place.
const checkAfter = 5 * time.Second

// ErrUnproven means that a member was not compared with the index yet. The log has a line about it.
var ErrUnproven = fmt.Errorf("%w: it is being checked", source.ErrUnavailable)

// Proof returns the archive's Proof, or nil if it is what its index describes.
func (g *Guard) Proof() *Proof { return g.proof.Load() }

// BeginProof makes everything in the archive doubtful, and begins to check it. The archive must be
// in use.
func (g *Guard) BeginProof() { g.beginProof(false) }

// BeginTouched is BeginProof for an archive that has got or lost a name.
func (g *Guard) BeginTouched() { g.beginProof(true) }

func (g *Guard) beginProof(touched bool) {
	x := g.config.Archive.Index()
	p := &Proof{guard: g, index: x, began: time.Now(), good: make([]atomic.Uint64, x.Len()/64+1),
		signed: g.config.Archive.Signed() != nil, bad: map[int]error{}}
	p.touched = touched && !p.signed
	atOnce := 2
	if p.signed {
		atOnce = runtime.GOMAXPROCS(0)
	}
	p.reading, p.long = make(chan struct{}, atOnce), make(chan struct{}, atOnce)
	g.proof.Store(p)
	g.beginCheck()
}

// beginCheck begins to check the whole archive in the background, for the current Proof: after some
// time if only attributes or names have changed. One such check is enough for an archive, however
// often it changes meanwhile: see checkCurrent. One that must be signed is checked when Whole asks.
func (g *Guard) beginCheck() {
	p := g.proof.Load()
	switch {
	case p == nil || p.signed || p.all.Load() || p.done.Load() || g.begun.Swap(true):
	case p.touched:
		g.config.Later(time.Until(p.began.Add(checkAfter)), g.checkCurrent)
	default:
		g.config.Begin(g.checkCurrent)
	}
}

// checkCurrent checks the whole archive, unless it has changed again since beginCheck. Then it is
// as if that had been called for the last change.
func (g *Guard) checkCurrent(ctx context.Context) {
	p := g.proof.Load()
	if p.touched && time.Since(p.began) < checkAfter {
		p = nil
	} else {
		p.checkAll(ctx)
	}
	g.begun.Store(false)
	if ctx.Err() == nil && g.proof.Load() != p { // after an error of reading, a request tries again
		g.beginCheck()
	}
}

// Knows reports whether the content of entry i is known to be right. p may be nil.
func (p *Proof) Knows(i int) bool {
	return p == nil || p.all.Load() || p.good[i/64].Load()&(1<<(i%64)) != 0
}

// Later reports whether content i of size bytes may be sent before it was compared. Then ProveLong
// must be called before the last byte is sent, or a 304. p may be nil.
func (p *Proof) Later(i int, size int64) bool {
	if p == nil || !p.touched || size <= provedAtOnce {
		return false
	}
	known, _ := p.result(i)
	return !known
}

// WholeLater is Later for a download of many contents. ProveWhole must be called then.
func (p *Proof) WholeLater() bool {
	return p != nil && p.touched && !p.all.Load() && !p.done.Load()
}

// Signed reports whether the contents are compared with what was signed. p may be nil.
func (p *Proof) Signed() bool { return p != nil && p.signed }

// Prove returns an error if the content of entry i is not what the index describes, or that is not
// known yet. It may read the content. It returns nil for a long content that must be signed and was
// not compared yet: what sends it must check each part, or call ProveLong. p may be nil.
func (p *Proof) Prove(i int, size int64) error {
	if size <= provedAtOnce {
		return p.ProveLong(i)
	}
	if known, err := p.result(i); known || p.signed {
		return err
	}
	return ErrUnproven
}

// ProveLong is Prove for a content of any size. It reads it unless it is known. p may be nil.
func (p *Proof) ProveLong(i int) error {
	if known, err := p.result(i); known {
		return err
	}
	turns := p.reading
	if e, err := p.index.Entry(i); err == nil && e.Size > provedAtOnce {
		turns = p.long
	}
	turns <- struct{}{}
	defer func() { <-turns }()
	if known, err := p.result(i); known { // another request has read it meanwhile
		return err
	}
	return p.compare(context.Background(), i)
}

// result reports whether the content of entry i was compared, and what is wrong with it: nil if
// nothing is. p may be nil.
func (p *Proof) result(i int) (known bool, err error) {
	if p.Knows(i) {
		return true, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	err = p.bad[i]
	return err != nil, err
}

// compare is matches, and remembers the result.
func (p *Proof) compare(ctx context.Context, i int) error {
	p.settle()
	err := p.matches(ctx, i)
	// What was read is the content only if nothing has changed it meanwhile.
	if changed := p.guard.Check(p, 0, p.guard.config.Archive.Size()); changed != nil {
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
func (p *Proof) settle() {
	time.Sleep(time.Until(p.began.Add(changetime.Tick))) // for the shards of a set
	for _, f := range p.guard.files {
		for !f.stamp.Load().Settled(time.Now()) {
			time.Sleep(time.Millisecond)
		}
	}
}

// matches reads the content of entry i and compares it with the index.
func (p *Proof) matches(ctx context.Context, i int) error {
	e, err := p.index.Entry(i)
	if err != nil || e.Size == 0 {
		return p.wrap(err)
	}
	r, err := p.guard.config.Archive.OpenContent(i)
	if err != nil {
		return p.wrap(err)
	}
	defer r.Close()
	var d format.ContentDigest
	d.Reset()
	for at := int64(0); err == nil; at += 1 << 20 {
		if err = context.Cause(ctx); err == nil {
			_, err = io.CopyN(&d, r, 1<<20)
		}
	}
	switch {
	case errors.Is(err, signature.ErrRefused):
		return p.wrap(err)
	case err != io.EOF:
		return fmt.Errorf("%w: entry %d: %w", format.ErrCorrupt, i, p.wrap(err))
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
func (p *Proof) checkAll(ctx context.Context) { p.check(ctx, p.checkMembers) }

// check runs a check of the whole archive, unless the result is known, or another check ends while
// it waits: after an error of reading all that wait have the same result.
func (p *Proof) check(ctx context.Context, whole func(ctx context.Context)) {
	before := p.checked.Load()
	p.guard.checking <- struct{}{}
	defer func() { <-p.guard.checking }()
	if p.guard.proof.Load() != p || p.all.Load() || p.done.Load() || p.checked.Load() != before {
		return
	}
	defer p.checked.Add(1)
	whole(ctx)
}

// checkMembers is checkAll while nothing else checks.
func (p *Proof) checkMembers(ctx context.Context) {
	t := p.guard.config.Archive
	if p.touched {
		p.guard.config.Notice(p.guard.config.Name + changedNote)
	}
	p.settle()
	whole := t.Check(ctx, 1)
	if ctx.Err() != nil || p.guard.Check(p, 0, t.Size()) != nil {
		return // the server ends, or there will be another proof
	}
	if whole == nil {
		p.all.Store(true)
		return
	}
	var wrong []int
	for i := range p.index.Len() {
		e, err := p.index.Entry(i)
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
		path, _ := p.index.Path(wrong[0])
		message = fmt.Sprintf("%s answered with 500, as %q",
			count.Of(len(wrong), "file is", "files are"), path)
	}
	if damaged(whole) {
		p.done.Store(true)
		whole = errors.New("it is not what its index describes")
	} else if len(wrong) == 0 {
		message = "downloads of folders are answered with 503"
	}
	p.guard.config.Notice(fmt.Sprintf("%s: %v: %s. Copy the archive and its index again",
		p.guard.config.Name, whole, message))
}

// wrap adds the archive's name to an error.
func (p *Proof) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", p.guard.config.Name, err)
}

// damaged reports whether an error of reading an archive means that it is not what it should be.
func damaged(err error) bool {
	return errors.Is(err, format.ErrCorrupt) || errors.Is(err, format.ErrTruncated) ||
		errors.Is(err, format.ErrVersion) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, signature.ErrRefused)
}

// Whole returns an error unless every byte of the archive is what it should be. If it must be
// signed, the first call begins to compare it. It returns nil if WholeLater reports true. p may be
// nil.
func (p *Proof) Whole() error {
	switch {
	case p == nil || p.all.Load():
		return nil
	case p.done.Load() && p.signed:
		return signature.ErrChanged
	case p.done.Load():
		return format.ErrCorrupt
	case p.touched:
		return nil
	case p.signed && !p.busy.Swap(true):
		p.guard.config.Notice(p.guard.config.Name +
			": the whole of it is compared with what was signed, for a download")
		p.guard.config.Begin(p.checkSigned)
	}
	return ErrUnproven
}

// ProveWhole is Whole after an answer with many contents was begun. It waits until the whole
// archive was compared. p may be nil.
func (p *Proof) ProveWhole(ctx context.Context) error {
	if p == nil || p.all.Load() {
		return nil
	}
	if p.signed {
		p.checkSigned(ctx)
	} else {
		p.checkAll(ctx)
	}
	switch {
	case p.all.Load():
		return nil
	case p.guard.proof.Load() != p:
		return ErrDoubtful
	case p.done.Load() && p.signed:
		return signature.ErrChanged
	case p.done.Load():
		return format.ErrCorrupt
	}
	return ErrUnproven
}

// checkSigned compares the whole archive with what was signed.
func (p *Proof) checkSigned(ctx context.Context) {
	defer p.busy.Store(false) // after an error of reading, the next request tries again
	p.check(ctx, p.compareSigned)
}

// compareSigned is checkSigned while nothing else checks.
func (p *Proof) compareSigned(ctx context.Context) {
	t := p.guard.config.Archive
	p.settle()
	err := t.CheckSigned(ctx)
	switch {
	case ctx.Err() != nil || p.guard.Check(p, 0, t.Size()) != nil:
	case err == nil:
		p.all.Store(true)
	default:
		p.done.Store(damaged(err))
		p.guard.config.Notice(fmt.Sprintf("%v: no download of it is answered", err))
	}
}
