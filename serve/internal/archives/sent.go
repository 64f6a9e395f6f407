package archives

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/source"
)

// samePlain returns an error unless a plain file is as it was. If only attributes or names have
// changed, the error is guard.ErrDoubtful: a program may also have written to the file, and set its
// modification time back.
func samePlain(f *os.File, was changetime.Stamp) error {
	now, err := changetime.Stat(f)
	switch {
	case err == nil && now == was:
		return nil
	case err == nil && was.OnlyAttributes(now):
		return fmt.Errorf("%s: %w", f.Name(), guard.ErrDoubtful)
	}
	return fmt.Errorf("%s: %w", f.Name(), source.ErrChanged)
}

// sent is what was read of a plain file to be sent, so that the file can be compared with it.
type sent struct {
	sum  xxhash.Digest
	runs [][2]int64 // offsets and lengths in the file, in order
}

// Summed returns a writer to w for n bytes of a file beside an archive, from the offset off of the
// file. ProvePlain compares the file with what was written to it. For other nodes it is w: a sum
// would make each download of a plain file cost a sixth more, for changes that are rare.
func (v *View) Summed(w io.Writer, node *plan.Node, off, n int64) io.Writer {
	if node.Source != PlainSource || node.Kind != plan.Download {
		return w
	}
	if v.sent == nil {
		v.sent = &sent{}
		v.sent.sum.Reset()
	}
	v.sent.runs = append(v.sent.runs, [2]int64{off, n})
	return &summed{w, &v.sent.sum}
}

type summed struct {
	w   io.Writer
	sum *xxhash.Digest
}

// Write implements io.Writer. The last bytes are summed before they are sent.
func (s *summed) Write(p []byte) (int, error) {
	_, _ = s.sum.Write(p)
	return s.w.Write(p)
}

// same reports whether a file has what was sent of it.
func (s *sent) same(f io.ReaderAt) bool {
	var d xxhash.Digest
	d.Reset()
	for _, run := range s.runs {
		if _, err := io.Copy(&d, io.NewSectionReader(f, run[0], run[1])); err != nil {
			return false
		}
	}
	return d.Sum64() == s.sum.Sum64()
}

// ProvePlain returns an error if what was sent of a plain file may be another generation's, after
// Check has returned guard.ErrDoubtful. A file beside an archive is compared. Of others, another
// number of names explains why the time of the last change differs, and nothing else does. Check
// must be called again. For nodes of archives it returns nil.
func (v *View) ProvePlain(n *plan.Node) error {
	if n.Source != PlainSource {
		return nil
	}
	f, was := v.plain[n.Entry], v.plainStamps[n.Entry]
	now, err := changetime.Stat(f)
	if err != nil || now == was {
		return err
	}
	same := was.SameContent(now)
	if v.sent != nil {
		for !now.Settled(time.Now()) {
			time.Sleep(time.Millisecond)
		}
		same = was.OnlyAttributes(now) && v.sent.same(f)
	}
	if !same {
		return fmt.Errorf("%s: %w", f.Name(), source.ErrChanged)
	}
	v.plainStamps[n.Entry] = now
	return nil
}
