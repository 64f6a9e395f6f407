package archivefile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// moment is what is on disk when an append is interrupted.
type moment struct {
	name          string
	archive, side []byte
	note, left    []byte // content of the temporary files; nil: not there
	grown         bool   // the archive is the new one already
	indexed       bool   // readers find a usable sidecar
}

// moments returns all states that an append goes through, with each way in which its last write can
// be torn.
func moments(t *testing.T) (old, grown [2][]byte, all []moment) {
	name := tartest.Pack(
		t,
		tartest.Tree(t, [2]string{"a", "old"}, [2]string{"d/b", "older"}),
		pack.Options{},
	)
	old = [2][]byte{tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)}
	tartest.Append(
		t,
		name,
		edit.AddOptions{},
		tartest.Tree(t, [2]string{"c", "new"}, [2]string{"d/e", "newer"}),
	)
	grown = [2][]byte{tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)}
	size := len(old[0])
	trailer, err := format.ParseTrailer(old[0][size-format.EndSize:])
	if err != nil {
		t.Fatal(err)
	}
	note := append(trailer.Append(nil), archivefile.NoteMark...)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

	all = append(all, moment{"a note", old[0], old[1], note, nil, false, true})
	for n := size + 1; n <= len(grown[0]); n += 7 {
		all = append(
			all,
			moment{"new members", join(old[0], grown[0][size:n]), old[1], note, nil, false, true},
		)
		all = append(
			all,
			moment{"only the size", join(old[0], make([]byte, n-size)), old[1], note, nil, false, true},
		)
	}
	all = append(
		all,
		moment{"all members", join(old[0], grown[0][size:]), old[1], note, grown[1][:100], false, true},
	)
	whole := join(old[0], grown[0][size:])
	at := size - len(format.FormerTail)
	for n := range len(format.FormerTail) {
		for _, torn := range [][]byte{
			join(whole[:at], []byte(format.FormerTail[:n]), whole[at+n:]),
			join(whole[:at+n], []byte(format.FormerTail[n:]), whole[size:]),
		} {
			m := moment{"torn", torn, old[1], note, grown[1], bytes.Equal(torn, grown[0]), true}
			m.indexed = !m.grown
			all = append(all, m)
		}
	}
	all = append(all,
		moment{"marked", grown[0], old[1], note, grown[1], true, false},
		moment{"marked, the sidecar lost", grown[0], old[1], note, nil, true, false},
		moment{"with its sidecar", grown[0], grown[1], note, nil, true, true})
	return old, grown, all
}

// write puts a moment on disk.
func (m *moment) write(t *testing.T) string {
	name := tartest.WriteArchive(t, m.archive, m.side)
	if m.note != nil {
		tartest.WriteFile(t, format.TempName(name), m.note)
	}
	if m.left != nil {
		tartest.WriteFile(t, format.TempName(name+format.SidecarSuffix), m.left)
	}
	return name
}

// At each moment a reader finds the old archive or the new one, and writes nothing. Each command
// that writes puts that archive on disk.
func TestRecover(t *testing.T) {
	ctx := context.Background()
	old, grown, all := moments(t)
	nothing := t.TempDir()
	for _, m := range all {
		want := old
		if m.grown {
			want = grown
		}
		name := m.write(t)
		a, err := tarpack.Open(
			context.Background(),
			name,
			&tarpack.OpenOptions{RequireSidecar: m.indexed},
		)
		if err != nil {
			t.Fatalf("%s, %d bytes: %v", m.name, len(m.archive), err)
		}
		b := make([]byte, a.Size())
		if _, err := scanned(t, name, m.indexed).ReadAt(b, 0); err != nil || !bytes.Equal(b, want[0]) ||
			a.Unfinished() != int64(len(m.archive)-len(want[0])) {
			t.Errorf(
				"%s, %d bytes: what is read is neither the old archive nor the new one (%v)",
				m.name,
				len(m.archive),
				err,
			)
		}
		a.Close()
		res, err := tarpack.Verify(ctx, name, tarpack.VerifyOptions{})
		if sound := len(m.archive) == len(want[0]) && m.indexed; err != nil ||
			(res.Failed == 0) != sound {
			t.Errorf("%s: verify: %v, %v", m.name, err, res.Problems)
		}
		if !bytes.Equal(tartest.Read(t, name), m.archive) {
			t.Fatalf("%s: reading has written", m.name)
		}
		for does, write := range map[string]func(name string) error{
			"add": func(name string) error {
				_, err := edit.Add(ctx, name, []string{nothing}, edit.AddOptions{})
				return err
			},
			"append": func(name string) error {
				_, err := edit.Add(ctx, name, []string{nothing}, edit.AddOptions{Append: true})
				return err
			},
			"index": func(name string) error {
				_, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{})
				return err
			},
			"repair": func(name string) error {
				_, err := convert.Repair(ctx, name, name, convert.RepairOptions{})
				return err
			},
		} {
			name := m.write(t)
			if err := write(name); err != nil {
				t.Errorf("%s: %s: %v", m.name, does, err)
				continue
			}
			if !bytes.Equal(tartest.Read(t, name), want[0]) {
				t.Errorf("%s: %s leaves neither the old archive nor the new one", m.name, does)
			}
			if m.indexed || m.left != nil {
				tartest.WantSound(t, name)
			}
		}
	}
}

// wantNoRepair expects that Repair does not cut off another archive behind the archive name.
func wantNoRepair(t *testing.T, name, out string) {
	t.Helper()
	before := tartest.Read(t, name)
	for _, to := range []string{name, out} {
		_, err := convert.Repair(t.Context(), name, to, convert.RepairOptions{})
		if !errors.Is(err, format.ErrJoined) {
			t.Errorf("repair: %v", err)
		}
	}
	if !bytes.Equal(tartest.Read(t, name), before) {
		t.Error("repair has changed it")
	}
}

// Bytes after an archive stay if no note names them, unless Repair is called.
func TestRecoverOthers(t *testing.T) {
	ctx := context.Background()
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "x"}), pack.Options{})
	good, side := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	more := tartest.Tree(t, [2]string{"b", "y"})
	for _, rest := range [][]byte{[]byte("\n"), good, bytes.Repeat([]byte{0}, 1000)} {
		want := format.ErrUnfinished
		if len(rest) == len(good) {
			want = format.ErrJoined
		}
		both := append(bytes.Clone(good), rest...)
		other := bytes.Clone(good[len(good)-format.EndSize:])
		other[digestAt]++
		for _, note := range [][]byte{
			nil, {}, good[len(good)-format.EndSize:], append(other, archivefile.NoteMark...),
		} {
			name := tartest.WriteArchive(t, both, side)
			if note != nil {
				tartest.WriteFile(t, format.TempName(name), note)
			}
			for _, o := range []edit.AddOptions{{}, {Append: true}} {
				if _, err := edit.Add(ctx, name, []string{more}, o); !errors.Is(err, want) {
					t.Errorf("add: %v", err)
				}
			}
			if _, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{}); !errors.Is(
				err,
				want,
			) {
				t.Errorf("index: %v", err)
			}
			if !bytes.Equal(tartest.Read(t, name), both) {
				t.Fatal("it was cut off")
			}
			out := filepath.Join(t.TempDir(), "out.tar.gz")
			if want == format.ErrJoined {
				wantNoRepair(t, name, out)
				continue
			}
			if res, err := convert.Repair(ctx, name, out, convert.RepairOptions{}); err != nil ||
				res.CutOff != int64(len(rest)) ||
				res.Lost != 0 {
				t.Errorf("%+v, %v", res, err)
			}
			if !bytes.Equal(tartest.Read(t, out), good) || !bytes.Equal(tartest.Read(t, name), both) {
				t.Error("it was not repaired elsewhere")
			}
			if res, err := convert.Repair(ctx, name, name, convert.RepairOptions{}); err != nil ||
				res.CutOff != int64(len(rest)) ||
				res.Lost != 0 {
				t.Errorf("%+v, %v", res, err)
			}
			if !bytes.Equal(tartest.Read(t, name), good) {
				t.Error("it was not repaired")
			}
			tartest.WantSound(t, name)
		}
	}
	if err := os.Truncate(name, int64(len(good)-1)); err != nil {
		t.Fatal(err)
	}
	if _, err := tarpack.Open(context.Background(), name, nil); !errors.Is(err, format.ErrTruncated) {
		t.Error(err)
	}
}

// digestAt is where T has a byte of the digest.
const digestAt = 45

// scanned returns a reader of all bytes of the archive name as they were when it was opened.
func scanned(t *testing.T, name string, requireSidecar bool) io.ReaderAt {
	t.Helper()
	o := &indexed.Options{RequireSidecar: requireSidecar}
	f, err := indexed.Open(context.Background(), name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f.Scanned()
}
