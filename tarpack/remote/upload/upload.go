package upload

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/source"
)

// An Upload is an object while it is written. Its methods must not be called at the same time.
type Upload struct {
	target Target
	o      *Options
	token  string
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   bool // it was committed or aborted

	id      string // "" until there is more than one part
	current *part  // nil before the first byte
	n       int    // parts that were begun
	free    chan *part
	slots   chan struct{} // one for each part that is being sent
	sending sync.WaitGroup

	mu    sync.Mutex
	etags []string
	parts []*part // all of them, to be closed
}

// New returns an Upload. It sends nothing yet. When ctx ends, so do all requests. Either Commit or
// Abort must be called.
func New(ctx context.Context, target Target, o *Options) *Upload {
	u := &Upload{target: target, o: o.withDefaults(), token: rand.Text()}
	u.free, u.slots = make(chan *part, u.o.Parallel+1), make(chan struct{}, u.o.Parallel)
	u.ctx, u.cancel = context.WithCancelCause(ctx)
	return u
}

// Name is that of the target.
func (u *Upload) Name() string { return u.target.Name() }

// Empty reports whether nothing was written.
func (u *Upload) Empty() bool { return u.n == 0 }

// Write implements io.Writer. It waits if too many parts are being sent. An error may be that of
// bytes that were written before.
func (u *Upload) Write(b []byte) (int, error) {
	written := 0
	for len(b) > 0 {
		if err := u.nextPart(); err != nil {
			return written, u.named(err)
		}
		n := min(int64(len(b)), u.current.room())
		if err := u.current.add(b[:n]); err != nil {
			u.cancel(err)
			return written, u.named(err)
		}
		b, written = b[n:], written+int(n)
	}
	return written, nil
}

// nextPart makes current a part with room.
func (u *Upload) nextPart() error {
	if err := context.Cause(u.ctx); err != nil {
		return err
	}
	if u.current != nil && u.current.room() > 0 {
		return nil
	}
	if u.current != nil {
		if err := u.send(); err != nil {
			u.cancel(err)
			return err
		}
	}
	if u.n == maxParts {
		err := errTooLarge(u.o.partSize(u.n))
		u.cancel(err)
		return err
	}
	p, err := u.take()
	if err != nil {
		return err
	}
	u.n++
	p.reset(u.o.partSize(u.n), u.n == 1)
	u.current = p
	return nil
}

// take returns a part that is not in use, and waits for one if there are many.
func (u *Upload) take() (*part, error) {
	if len(u.parts) <= u.o.Parallel {
		select {
		case p := <-u.free:
			return p, nil
		default:
			p := newPart()
			u.parts = append(u.parts, p)
			return p, nil
		}
	}
	select {
	case p := <-u.free:
		return p, nil
	case <-u.ctx.Done():
		return nil, context.Cause(u.ctx)
	}
}

// send begins to send the current part, which is not changed until it is free.
func (u *Upload) send() error {
	if u.id == "" {
		if err := u.create(); err != nil {
			return err
		}
	}
	select {
	case u.slots <- struct{}{}:
	case <-u.ctx.Done():
		return context.Cause(u.ctx)
	}
	p, n := u.current, u.n
	u.current = nil
	u.mu.Lock()
	u.etags = append(u.etags, "")
	u.mu.Unlock()
	u.sending.Go(func() {
		if err := u.sendPart(p, n); err != nil {
			u.cancel(err)
			return
		}
		<-u.slots
		u.free <- p
	})
	return nil
}

func (u *Upload) sendPart(p *part, n int) error {
	etag := ""
	err := u.sendBody(p, func(ctx context.Context, b *body) (resp *http.Response, err error) {
		etag, resp, err = u.target.Part(ctx, u.id, n, b, p.size, p.hex())
		return resp, err
	})
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.etags[n-1] = etag
	return nil
}

func (u *Upload) create() error {
	id := ""
	err := u.write(u.ctx, u.o.Timeout,
		func(ctx context.Context, _ func()) (resp *http.Response, err error) {
			id, resp, err = u.target.Create(ctx, u.token)
			return resp, err
		})
	if err != nil {
		return err
	}
	if id == "" {
		return fmt.Errorf("%w: it begins an upload without a name", object.ErrAnswer)
	}
	u.id = id
	return nil
}

// write sends a request until it succeeds.
func (u *Upload) write(ctx context.Context, timeout time.Duration, send object.Send) error {
	return object.Write(ctx, u.target.Limit(), u.o.request(timeout), send)
}

// Flush sends all bytes and waits until the server has them. Nothing is visible yet. What has at
// most one part is left to Commit. Nothing can be written after it.
func (u *Upload) Flush() error {
	if u.id != "" && u.current != nil && u.current.size > 0 {
		if err := u.send(); err != nil {
			u.cancel(err)
		}
	}
	u.sending.Wait()
	if err := context.Cause(u.ctx); err != nil {
		return u.named(err)
	}
	return nil
}

// Commit makes the object visible, in the place of one that was there, and releases everything.
// After an error it is as if Abort had been called. The errors are those of object.Open.
func (u *Upload) Commit() error {
	err := u.Flush()
	if err == nil {
		if err = u.commit(); err != nil {
			err = u.named(err)
		}
	}
	if err != nil {
		if u.id != "" {
			return errors.Join(err, u.Abort())
		}
		return errors.Join(err, u.release())
	}
	return u.release()
}

func (u *Upload) commit() error {
	if u.id == "" {
		p := u.current
		if p == nil {
			p = newPart()
		}
		return u.sendBody(p, func(ctx context.Context, b *body) (*http.Response, error) {
			return u.target.Put(ctx, b, p.size, p.hex(), u.token)
		})
	}
	ctx, cancel := u.lasting(func() bool { return true })
	defer cancel(nil)
	err := u.write(ctx, u.o.CompleteTimeout,
		func(ctx context.Context, _ func()) (*http.Response, error) {
			return u.target.Complete(ctx, u.id, u.etags)
		})
	if err != nil && u.isThere() {
		return nil
	}
	return err
}

// isThere reports whether the object is that of this upload, so that it was completed, although no
// answer said so: that was lost, and the same request has no upload to complete afterwards.
func (u *Upload) isThere() bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(u.ctx), cleanup)
	defer cancel()
	token := ""
	err := u.write(ctx, u.o.Timeout, func(ctx context.Context, _ func()) (*http.Response, error) {
		t, resp, err := u.target.Token(ctx)
		token = t
		return resp, err
	})
	return err == nil && token == u.token
}

// errAborted ends the requests of an upload that is aborted.
var errAborted = errors.New("the upload was aborted")

// Abort ends all requests and removes what was uploaded. Also if the context of New has ended, it
// asks the server for that, for some seconds. The error is that something may be left
// there. After Commit, or a second time, it does nothing.
func (u *Upload) Abort() error {
	if u.done {
		return nil
	}
	u.cancel(errAborted)
	u.sending.Wait() // a part that arrives after the request below would stay
	err := u.abort()
	return errors.Join(err, u.release())
}

func (u *Upload) abort() error {
	if u.id == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(u.ctx), cleanup)
	defer cancel()
	err := u.write(ctx, u.o.Timeout, func(ctx context.Context, _ func()) (*http.Response, error) {
		return u.target.Abort(ctx, u.id)
	})
	if err == nil || errors.Is(err, fs.ErrNotExist) && !errors.Is(err, source.ErrUnavailable) {
		return nil
	}
	return &LeftError{Name: u.Name(), ID: u.id, Err: err}
}

// A LeftError means that an upload could not be removed. It is not visible and takes space.
type LeftError struct {
	Name string // of the object
	ID   string // of the upload
	Err  error
}

func (e *LeftError) Error() string {
	return fmt.Sprintf("%s: the parts that were uploaded could not be removed: %v", e.Name, e.Err)
}

func (e *LeftError) Unwrap() error { return e.Err }

// release gives back what the upload has here.
func (u *Upload) release() (err error) {
	u.done = true
	u.cancel(errAborted)
	for _, p := range u.parts {
		err = errors.Join(err, p.close())
	}
	u.parts, u.current = nil, nil
	return err
}

// An Error is one of an upload, and not of what was to be written.
type Error struct {
	Name string // of the object
	Err  error
}

func (e *Error) Error() string { return e.Name + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

func (u *Upload) named(err error) error { return &Error{Name: u.Name(), Err: err} }
