package pull_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/pull"
	"github.com/tarpack/tpk/tarpack/signature"
)

// A meeting is a server of which the first requests wait until so many are there.
type meeting struct {
	*server
	want      int32
	came      atomic.Int32
	all       chan struct{}
	now, most atomic.Int32
}

func (m *meeting) Get(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	if now := m.now.Add(1); now > m.most.Load() {
		m.most.Store(now) // exact where all wait, and where there is one at a time
	}
	defer m.now.Add(-1)
	if m.came.Add(1) == m.want {
		close(m.all)
	}
	<-m.all
	return m.server.Get(ctx, off, n)
}

// Every field of Options has its effect.
func TestOptions(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	to := tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{})
	run := func(o pull.Options, want int32) (pull.Result, int32) {
		s, a := serve(t, to, nil)
		m := &meeting{server: s, want: want, all: make(chan struct{})}
		side, err := tarpack.OpenSource(t.Context(), to, m, a.Index(), a.Index().Size(), nil)
		if err != nil {
			t.Fatal(err)
		}
		name := copyTo(t, from)
		if o.Notice != nil {
			tartest.WriteFile(t, name, []byte("foreign"))
		}
		res, err := pull.Pull(t.Context(), side, name, o)
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, name, to)
		return res, m.most.Load()
	}
	checks := map[string]func() bool{
		"Old": func() bool {
			notice := func(error) {} // the archive that is replaced is foreign
			res, _ := run(pull.Options{Old: from, Notice: notice}, 1)
			none, _ := run(pull.Options{Notice: notice}, 1)
			return res.Copied > 0 && none.Copied == 0
		},
		"Parallel": func() bool {
			_, one := run(pull.Options{Parallel: 1}, 1)
			_, two := run(pull.Options{Parallel: 2}, 2)
			return one == 1 && two == 2
		},
		"Patch": func() bool {
			asked := uint64(0)
			run(pull.Options{Patch: func(_ context.Context, digest uint64) (pull.Patch, error) {
				asked = digest
				return nil, fs.ErrNotExist
			}}, 1)
			return asked == tartest.Open(t, from).Trailer().Digest
		},
		"SHA256": func() bool { // a wrong one makes it fetch everything
			res, _ := run(pull.Options{SHA256: &signature.Hash{}}, 1)
			return res.Copied == 0 && res.Fetched >= res.ArchiveBytes/2
		},
		"Workers": func() bool { return pull.Workers(3) == 3 && pull.Workers(0) == 0 },
		"Notice": func() bool {
			n := 0
			run(pull.Options{Notice: func(error) { n++ }}, 1)
			return n == 1
		},
		"Before": func() bool { // its error ends it before any request
			s, a := serve(t, to, nil)
			name, stop, digest := copyTo(t, from), errors.New("stop"), uint64(0)
			_, err := pull.Pull(t.Context(), a, name, pull.Options{
				Before: func(_ context.Context, old *sidecar.Index) error {
					digest = old.Digest()
					return stop
				}})
			wantSame(t, name, from)
			return errors.Is(err, stop) && s.requests == 0 &&
				digest == tartest.Open(t, from).Trailer().Digest
		},
		"Checked": func() bool {
			var name string
			differs := false
			run(pull.Options{Checked: func(_ context.Context, a *tarpack.Archive, old *sidecar.Index) error {
				name, differs = a.Name(), old.Digest() != a.Index().Digest()
				return nil
			}}, 1)
			return name != "" && differs
		},
		"Progress": func() bool {
			var last pull.Progress
			run(pull.Options{Progress: func(p pull.Progress) { last = p }}, 1)
			return last.Total == int64(len(tartest.Read(t, to))) && last.Reused > 0
		},
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[pull.Options]()) {
		if check := checks[f.Name]; check == nil || !check() {
			t.Errorf("%s has no effect, or no test", f.Name)
		}
	}
}
