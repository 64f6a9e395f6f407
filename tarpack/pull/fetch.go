package pull

import (
	"context"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

const (
	maxGap   = 1 << 10  // bytes between two ranges that are fetched with them, in one request
	maxRange = 16 << 20 // bytes of a request, so that large contents are fetched in parallel
)

// A fetcher fetches ranges of an archive into a journal.
type fetcher struct {
	get      func(ctx context.Context, off, n int64) (io.ReadCloser, error)
	journal  *journal
	parallel int
	requests atomic.Int64
	fetched  atomic.Int64
	progress func()
}

// missing returns the parts of sorted ranges that the journal does not have.
func (f *fetcher) missing(want []span) (list []span) {
	have, k := f.journal.have(), 0
	for _, w := range want {
		for k < len(have) && have[k].end() <= w.off {
			k++
		}
		for i := k; w.n > 0; i++ {
			before := w.n
			if i < len(have) {
				before = min(w.n, have[i].off-w.off)
			}
			if before > 0 {
				list = append(list, span{off: w.off, n: before})
			}
			if i >= len(have) || before == w.n {
				break
			}
			w = span{off: have[i].end(), n: w.end() - have[i].end()}
		}
	}
	return list
}

// ranges joins sorted ranges with small gaps between them, and divides large ones.
func ranges(missing []span) (list []span) {
	for _, m := range missing {
		if k := len(list) - 1; k >= 0 && m.off-list[k].end() <= maxGap {
			list[k].n = m.end() - list[k].off
		} else {
			list = append(list, m)
		}
	}
	var divided []span
	for _, r := range list {
		for ; r.n > maxRange; r = (span{off: r.off + maxRange, n: r.n - maxRange}) {
			divided = append(divided, span{off: r.off, n: maxRange})
		}
		divided = append(divided, r)
	}
	return divided
}

// fetch fetches what is missing of sorted ranges. After an error the journal has what had come.
func (f *fetcher) fetch(ctx context.Context, want []span) error {
	g, running := errgroup.WithContext(ctx)
	g.SetLimit(f.parallel)
	for _, r := range ranges(f.missing(want)) {
		if running.Err() != nil {
			break
		}
		g.Go(func() error { return f.fetchRange(running, r) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

func (f *fetcher) fetchRange(ctx context.Context, r span) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	f.requests.Add(1)
	body, err := f.get(ctx, r.off, r.n)
	if err != nil {
		return err
	}
	defer body.Close()
	b := make([]byte, recordHeader+int(min(r.n, maxRecord)))
	for r.n > 0 {
		b = b[:recordHeader+int(min(r.n, maxRecord))]
		n, err := io.ReadFull(body, b[recordHeader:])
		if n > 0 {
			if err := f.journal.add(r.off, b[:recordHeader+n]); err != nil {
				return err
			}
			f.fetched.Add(int64(n))
			f.progress()
			r = span{off: r.off + int64(n), n: r.n - int64(n)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
