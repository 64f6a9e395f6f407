package tarpack_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/source"
)

// keeper is a source that notes what it is told, and has one wrong byte for as many reads of it as
// damage says.
type keeper struct {
	source.Source
	wrong  int64 // offset of the byte
	damage int
	again  int              // how often Reject returns true
	c      gzmember.Content // that is read
	told   []string
}

func (k *keeper) ReadAt(p []byte, off int64) (int, error) {
	n, err := k.Source.ReadAt(p, off)
	if at := k.wrong - off; k.damage > 0 && at >= 0 && at < int64(n) {
		p[at] ^= 1
		k.damage--
	}
	return n, err
}

func (k *keeper) Begin(int64) source.Attempt { return k }

func (k *keeper) Confirm(off, n int64) { k.tell("right", off, n) }

func (k *keeper) Reject(off, n int64) bool {
	k.tell("wrong", off, n)
	k.again--
	return k.again >= 0
}

func (k *keeper) Confirmed(int64, int64) bool { return false }

func (k *keeper) tell(what string, off, n int64) {
	if off != k.c.Offset || n != k.c.Length {
		what += fmt.Sprintf(" %d bytes from %d", n, off)
	}
	k.told = append(k.told, what)
}

// A source that keeps what it has fetched is told once a content was read to its end, and if it is
// wrong. A content of which nothing was returned yet is read again if that may help.
func TestKeeper(t *testing.T) {
	big := tartest.Noise("big", 500_000)
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"big", big}, [2]string{"small", "text"},
		[2]string{"empty", ""}), pack.Options{})
	archive, index := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	k := &keeper{Source: source.Of(bytes.NewReader(archive), int64(len(archive)))}
	a, err := tarpack.OpenSource(t.Context(), "x", k, bytes.NewReader(index), int64(len(index)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	read := func(r tarpack.ContentReader) ([]byte, error) {
		return io.ReadAll(struct{ io.Reader }{r})
	}
	slowly := func(r tarpack.ContentReader) ([]byte, error) { return io.ReadAll(iotest.HalfReader(r)) }
	writeTo := func(r tarpack.ContentReader) ([]byte, error) {
		var b bytes.Buffer
		_, err := r.WriteTo(&b)
		return b.Bytes(), err
	}
	twice := func(r tarpack.ContentReader) ([]byte, error) {
		_, err := io.CopyN(io.Discard, r, 2)
		_, seekErr := r.Seek(0, io.SeekStart)
		b, readErr := io.ReadAll(r)
		return b, errors.Join(err, seekErr, readErr)
	}
	middle := func(r tarpack.ContentReader) ([]byte, error) {
		if _, err := r.Seek(1, io.SeekStart); err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
	for _, test := range []struct {
		path   string
		how    func(tarpack.ContentReader) ([]byte, error)
		damage int
		again  int
		told   string
		want   string // "" is an error
	}{
		{"small", read, 0, 0, "[right]", "text"},
		{"small", slowly, 0, 0, "[right]", "text"},
		{"small", writeTo, 0, 0, "[right]", "text"},
		{"small", twice, 0, 0, "[right]", "text"},
		{"small", middle, 0, 0, "[]", "ext"},
		{"big", read, 0, 0, "[right]", big},
		{"big", slowly, 0, 0, "[right]", big},
		{"big", writeTo, 0, 0, "[right]", big},
		{"big", twice, 0, 0, "[right]", big},
		{"big", middle, 0, 0, "[]", big[1:]},
		{"small", read, 1, 0, "[wrong]", ""},
		{"small", read, 1, 1, "[wrong right]", "text"},
		{"small", writeTo, 1, 1, "[wrong right]", "text"},
		{"small", read, 9, 1, "[wrong wrong]", ""},
		{"small", writeTo, 9, 1, "[wrong wrong]", ""},
		{"big", read, 1, 1, "[wrong]", ""},
		{"big", writeTo, 1, 1, "[wrong]", ""},
		{"small", read, 2, 9, "[wrong wrong right]", "text"},
	} {
		i, _, err := a.Index().Lookup(test.path)
		if err != nil {
			t.Fatal(err)
		}
		if k.c, err = a.Content(i); err != nil {
			t.Fatal(err)
		}
		r, err := a.OpenContent(i)
		if err != nil {
			t.Fatal(err)
		}
		k.told, k.again, k.wrong, k.damage = nil, test.again, k.c.Offset+k.c.Length/2, test.damage
		b, err := test.how(r)
		if fmt.Sprint(k.told) != test.told || (err == nil) != (test.want != "") ||
			err == nil && string(b) != test.want || err != nil && !errors.Is(err, gzmember.ErrCorrupt) {
			t.Errorf("%+.40v: %d bytes, %v, told %q", test, len(b), err, k.told)
		}
		r.Close()
	}
	k.told = nil
	if b, err := fs.ReadFile(a.FS(), "empty"); err != nil || len(b) > 0 || k.told != nil {
		t.Error(err, k.told)
	}
}
