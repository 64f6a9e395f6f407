package pull

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tarpack/tpk/tarpack/format"
)

// refetch makes pieces that are damaged be fetched once more. It returns an error that wraps
// ErrDamaged if one of them was before: then the server has them so.
func (j *job) refetch(wrong []*piece) error {
	var gone []span
	for _, p := range wrong {
		if j.again[p.off] {
			return fmt.Errorf("%s: %w: at offset %d, also when asked again", j.from.Name(), ErrDamaged,
				p.off)
		}
		if j.again == nil {
			j.again = map[int64]bool{}
		}
		j.again[p.off] = true
		gone = append(gone, span{off: p.off, n: p.n})
	}
	j.journal.forget(gone...)
	return nil
}

// isHeader reports whether the bytes of a piece, an H or a G, have the entries that the index
// states there, as far as these tell another archive or damage.
func (j *job) isHeader(p *piece, b []byte) (bool, error) {
	want, err := j.headersOf(p, false)
	if err != nil {
		return false, err
	}
	stated := map[string]*format.Header{}
	for k := range want {
		stated[want[k].Path] = &want[k].Header
	}
	g, err := format.ReadGroup(bytes.NewReader(b), 0, len(b))
	if err != nil {
		return false, nil
	}
	n := 0
	for h, err := range g.Headers() {
		if err != nil {
			return false, nil
		}
		if w := stated[h.Path]; w == nil || w.Type != h.Type || w.ModTime != h.ModTime {
			return false, nil
		}
		n++
	}
	return n == len(want), nil
}

// wrongContents returns the pieces of contents that were fetched and are not those of the index.
func (j *job) wrongContents(ctx context.Context) (wrong []*piece, err error) {
	for k := range j.pieces {
		p := &j.pieces[k]
		if p.part != partContent || p.how != fetched {
			continue
		}
		right, err := j.isRight(ctx, journalReader{j.journal, 0, p.end()}, int(p.i))
		if err != nil {
			return nil, err
		}
		if !right {
			wrong = append(wrong, p)
		}
	}
	return wrong, nil
}
