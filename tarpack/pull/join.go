package pull

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/output"
)

// join writes the new archive to an empty file. What was fetched is preferred.
func (j *job) join(ctx context.Context, f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w := &output.Writer{W: f, File: f}
	defer w.Stop()
	j.res.Copied, j.res.Made = 0, 0
	for k := range j.pieces {
		if k%256 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := j.put(w, &j.pieces[k]); err != nil {
			return err
		}
		j.progress()
	}
	return w.Flush()
}

// put writes a piece.
func (j *job) put(w *output.Writer, p *piece) error {
	if list, ok := j.journal.find(p.off, p.n); ok {
		for _, s := range list {
			if err := w.Copy(j.journal.file, s.pos, s.n); err != nil {
				return err
			}
		}
		return nil
	}
	switch p.how {
	case copied:
		j.res.Copied += p.n
		f, at, err := j.old.Place(p.at)
		if err != nil {
			return err
		}
		return w.Copy(f, at, p.n)
	case made:
		j.res.Made += p.n
		if p.part == partIndex {
			_, err := io.Copy(w, io.NewSectionReader(j.from.Source(), p.off, p.n))
			return err
		}
		b, err := j.make(p)
		if err != nil {
			return err
		}
		return w.Put(b)
	}
	return fmt.Errorf("%w: nothing was fetched at offset %d", ErrDamaged, p.off)
}

// make returns the bytes of a piece that is made from the index.
func (j *job) make(p *piece) (b []byte, err error) {
	switch p.part {
	case partHeader, partGroup:
		b, err = j.makeHeader(p)
	case partFirst:
		b = gzmember.AppendMemberHeader(nil, nil)
	case partTrailer:
		b = j.from.Trailer().Append(nil)
	default:
		e, failed := j.index.Entry(int(p.i))
		if failed != nil {
			return nil, failed
		}
		if p.part == partLast {
			b = gzmember.AppendMemberTrailer(nil, e.CRC, e.Size)
			break
		}
		var extra []byte
		if e.Coding == coding.Segmented {
			s, failed := segmentsOf(j.index, int(p.i))
			if failed != nil {
				return nil, failed
			}
			extra = s.AppendExtra(nil)
		}
		b = gzmember.AppendZeros(nil, format.Padding(e.Size), extra)
	}
	if err == nil && int64(len(b)) != p.n {
		err = fmt.Errorf("%w: what its index has at offset %d has another length", ErrDamaged, p.off)
	}
	return b, err
}
