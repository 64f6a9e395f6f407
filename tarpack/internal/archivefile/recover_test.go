package archivefile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
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

// wantRepair calls Repair on the archive good with rest behind it, with another name for the
// result and in place. What no append writes, as another archive, is left out of the result
// elsewhere, and never removed.
func wantRepair(t *testing.T, name string, good, rest []byte, kind error) {
	t.Helper()
	both := append(bytes.Clone(good), rest...)
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	for _, to := range []string{out, name} {
		if before := tartest.Read(t, name); !bytes.Equal(before, both) {
			t.Fatal("it was changed")
		}
		res, err := convert.Repair(t.Context(), name, to, convert.RepairOptions{})
		if kind != format.ErrUnfinished && to == name {
			if !errors.Is(err, kind) {
				t.Errorf("repair to %s: %v, want %v", to, err, kind)
			}
			if after := tartest.Read(t, name); !bytes.Equal(after, both) {
				t.Error("repair has changed it")
			}
			continue
		}
		if err != nil || res.CutOff != int64(len(rest)) || res.Lost != 0 ||
			!errors.Is(res.Behind, kind) {
			t.Errorf("repair to %s: %+v, %v", to, res, err)
		}
		if !bytes.Equal(tartest.Read(t, to), good) {
			t.Errorf("%s was not repaired", to)
		}
		tartest.WantSound(t, to)
	}
}

// Bytes after an archive stay if no note names them, unless Repair is called and they may be from
// an append. The kinds are those of file(1).
func TestRecoverOthers(t *testing.T) {
	ctx := context.Background()
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "x"}), pack.Options{})
	good, side := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	more := tartest.Tree(t, [2]string{"b", "y"})
	for _, c := range []struct {
		rest string
		kind error
		says string
	}{
		{"\n", format.ErrAdded, "1 byte of another program follows its end"},
		{"7z\xbc\xaf\x27\x1c and more", format.ErrAdded, "it is a 7z archive"},
		{"Rar!\x1a\x07\x01\x00 and more", format.ErrAdded, "it is a RAR archive"},
		{"\x00\x00Rar!\x1a\x07\x01\x00 and more", format.ErrAdded, "it is a RAR archive"},
		{"<html>Bad Gateway</html>", format.ErrAdded, "it is an HTML page"},
		{"\x01\x02\x03", format.ErrAdded, "its format is unknown"},
		{string(good), format.ErrJoined, "another archive follows"},
		{"PK\x03\x04", format.ErrAdded, "4 bytes of another program follow its end"},
		{"PK\x03\x04 and no header", format.ErrAdded, "its format is unknown"},
		{"PK\x05\x06" + strings.Repeat("\x00", 17), format.ErrAdded, "its format is unknown"},
		{"PK\x05\x06" + strings.Repeat("\x00", 18), format.ErrJoined, "it is a zip"},
		{"PK\x03\x04\x14\x00\x00\x00\x08\x00" + strings.Repeat("x", 16) + "\x05\x00\x00\x00names",
			format.ErrJoined, "it is a zip"},
		{"BZhang", format.ErrAdded, "its format is unknown"},
		{"BZh91AY&SY", format.ErrJoined, "it is compressed with bzip2"},
		{"\x28\xb5\x2f\xfd", format.ErrAdded, "its format is unknown"},
		{"\xfd7zXZ\x00", format.ErrAdded, "its format is unknown"},
		{"\x04\x22\x4d\x18", format.ErrAdded, "its format is unknown"},
		{"\x1f\x8b", format.ErrUnfinished, "2 bytes follow"}, // a member of ours begins so, too
		{"\x1f\x8b\x07\x00 of no method", format.ErrAdded, "its format is unknown"},
		{strings.Repeat("\x00", 1000), format.ErrUnfinished, "1,000 bytes follow its end"},
		{string(good[:1]), format.ErrUnfinished, "1 byte follows its end"},
		{string(good[:9]), format.ErrUnfinished, "9 bytes follow its end"},
		{string(good[:60]), format.ErrUnfinished, "60 bytes follow its end"},
		{string(good[:100]), format.ErrMayBeArchive, "100 bytes follow its end, at offset"},
		{string(good[:len(good)-1]), format.ErrMayBeArchive, "or another archive follows that is cut"},
	} {
		both := append(bytes.Clone(good), c.rest...)
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
				_, err := edit.Add(ctx, name, []string{more}, o)
				if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%.20q: add: %v, want %v with %q", c.rest, err, c.kind, c.says)
				}
			}
			_, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{})
			if !errors.Is(err, c.kind) {
				t.Errorf("%.20q: index: %v, want %v", c.rest, err, c.kind)
			}
			wantRepair(t, name, good, []byte(c.rest), c.kind)
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
