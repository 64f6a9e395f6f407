package archives

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/turns"
	"github.com/tarpack/tpk/tarpack/text"
)

// textIndex is the text index beside an archive. It is looked for at a search, and opened again if
// its file has changed. So it costs nothing without a search.
type textIndex struct {
	mu    sync.RWMutex // held for reading while it is searched
	tried bool
	stamp changetime.Stamp // of the file that index was opened from, or that can't be used
	index *text.Index      // nil: there is none that can be used
}

// textSearches limits how many searches in text indexes run at the same time, in all archives. Each
// keeps a processor busy.
var textSearches = turns.All()

// textTime is how long a search in text indexes may take, with the wait for others.
const textTime = 2 * time.Second

// hasText reports whether a text index of an archive would be used. It is not signed, so that of a
// signed archive is not. Archives of the caller, archives on servers, and what was converted lie in
// no file that one could lie beside.
func (a *archive) hasText() bool {
	return !a.shared && !a.remote && a.origin == nil && a.tar.Signed() == nil
}

// searchText searches the text index of an archive. It returns false if there is none.
func (a *archive) searchText(ctx context.Context, q *text.Query, o text.SearchOptions) (
	hits []text.Hit, more, found bool, err error,
) {
	if !a.hasText() {
		return nil, false, false, nil
	}
	t := &a.text
	t.renew(a)
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.index == nil {
		return nil, false, false, nil
	}
	hits, more, err = t.index.Search(ctx, q, o)
	if errors.Is(err, text.ErrCorrupt) {
		a.library.notice(a.textName() + ": " + err.Error() + ": it is not used for this search")
		return nil, false, false, nil
	}
	return hits, more, true, err
}

func (a *archive) textName() string { return a.tar.Name() + text.Suffix }

// renew opens the index if its file is another one than before. What can't be used is noted in the
// log once.
func (t *textIndex) renew(a *archive) {
	var now changetime.Stamp
	fi, err := os.Stat(a.textName())
	if err == nil {
		now = changetime.StampOf(fi)
	}
	t.mu.RLock()
	same := t.tried && t.stamp == now
	t.mu.RUnlock()
	if same {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tried && t.stamp == now {
		return
	}
	t.close()
	t.tried, t.stamp = true, now
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		t.index, err = text.Open(a.textName(), text.BindingOf(a.tar))
	}
	if err != nil {
		a.library.notice(a.textName() + ": " + err.Error() + ": searches find names only")
	}
}

// close closes the index. The lock is held, or nobody searches any more.
func (t *textIndex) close() {
	if t.index != nil {
		_ = t.index.Close()
		t.index = nil
	}
}
