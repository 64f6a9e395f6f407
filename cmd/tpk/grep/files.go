package grep

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// A File is a file to search.
type File struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Files searches many files in parallel, and writes to w what [Pattern.File] does, in the order of
// the files. It calls failed with the error of each file that can't be read, and goes on; the last
// files may be being read then. It reports whether a line matches. The error is one of w, or failed
// or files has returned it.
func (p *Pattern) Files(ctx context.Context, w io.Writer, files iter.Seq2[File, error],
	failed func(name string, err error) error) (found bool, err error) {
	group, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	jobs, order := make(chan *job), make(chan *job, 16*workers)
	group.Go(func() error {
		defer close(jobs)
		defer close(order)
		for f, err := range files {
			if err != nil {
				return err
			}
			j := &job{file: f, out: make(chan []byte, 4), ctx: ctx}
			for _, to := range []chan<- *job{order, jobs} {
				select {
				case to <- j:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		}
		return nil
	})
	for range workers {
		group.Go(func() error {
			for j := range jobs {
				j.run(p)
			}
			return nil
		})
	}
	group.Go(func() error {
		for j := range order {
			if err := j.copyTo(ctx, w); err != nil {
				return err
			}
			found = found || j.matches > 0
			if j.err == nil {
				continue
			}
			if err := failed(j.file.Name, j.err); err != nil {
				return err
			}
		}
		return nil
	})
	return found, group.Wait()
}

// A job is the search of one file. What it prints is sent to out, which is closed at the end.
type job struct {
	file    File
	out     chan []byte
	ctx     context.Context
	matches int64
	err     error
}

func (j *job) run(p *Pattern) {
	defer close(j.out)
	r, err := j.file.Open()
	if err != nil {
		j.err = err
		return
	}
	w := bufio.NewWriterSize(j, 16<<10)
	j.matches, err = p.File(w, j.file.Name, &contextReader{j.ctx, r})
	if errors.Is(err, ErrBinary) {
		_, err = fmt.Fprintf(w, "tpk: %s: %v\n", j.file.Name, ErrBinary)
	}
	j.err = errors.Join(err, w.Flush(), r.Close())
}

// Write sends output. It waits while earlier files are being printed and enough is waiting.
func (j *job) Write(b []byte) (int, error) {
	select {
	case j.out <- append([]byte(nil), b...):
		return len(b), nil
	case <-j.ctx.Done():
		return 0, context.Cause(j.ctx)
	}
}

// copyTo writes what the job prints to w, until it has ended.
func (j *job) copyTo(ctx context.Context, w io.Writer) error {
	for {
		select {
		case b, ok := <-j.out:
			if !ok {
				return nil
			}
			if _, err := w.Write(b); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// contextReader is a reader that fails once its context is cancelled.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *contextReader) Read(b []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}
