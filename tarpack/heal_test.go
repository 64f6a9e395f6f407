package tarpack

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A moment is what is on disk when an append is cut off.
type moment struct {
	name          string
	archive, side []byte
	note, left    []byte // under the temporary names; nil: not there
	grown         bool   // the archive is the new one already
	indexed       bool   // readers find a good sidecar
}

// moments are all that an append goes through, with each way in which its last write can be torn.
func moments(t *testing.T) (old, grown [2][]byte, all []moment) {
	name := mustPack(t, tree(t, [2]string{"a", "old"}, [2]string{"d/b", "older"}), PackOptions{})
	old = [2][]byte{mustRead(t, name), mustRead(t, name+SidecarSuffix)}
	mustAppend(t, name, AddOptions{}, tree(t, [2]string{"c", "new"}, [2]string{"d/e", "newer"}))
	grown = [2][]byte{mustRead(t, name), mustRead(t, name+SidecarSuffix)}
	size := len(old[0])
	trailer, err := ParseTrailer(old[0][size-TrailerSize:])
	if err != nil {
		t.Fatal(err)
	}
	note := append(trailer.Append(nil), noteMark...)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

	all = append(all, moment{"a note", old[0], old[1], note, nil, false, true})
	for n := size + 1; n <= len(grown[0]); n += 7 {
		all = append(all, moment{"new members", join(old[0], grown[0][size:n]), old[1], note, nil, false, true})
		all = append(all, moment{"only the size", join(old[0], make([]byte, n-size)), old[1], note, nil, false, true})
	}
	all = append(all, moment{"all members", join(old[0], grown[0][size:]), old[1], note, grown[1][:100], false, true})
	whole := join(old[0], grown[0][size:])
	at := size - len(formerTail)
	for n := range len(formerTail) {
		for _, torn := range [][]byte{
			join(whole[:at], []byte(formerTail[:n]), whole[at+n:]),
			join(whole[:at+n], []byte(formerTail[n:]), whole[size:]),
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
	name := writeArchive(t, m.archive, m.side)
	if m.note != nil {
		writeFile(t, tempName(name), m.note)
	}
	if m.left != nil {
		writeFile(t, tempName(name+SidecarSuffix), m.left)
	}
	return name
}

// TestHeal: at each moment the old archive is read, or the new one, without writing; and each command that writes makes it that on disk, too.
func TestHeal(t *testing.T) {
	ctx := context.Background()
	old, grown, all := moments(t)
	nothing := t.TempDir()
	for _, m := range all {
		want := old
		if m.grown {
			want = grown
		}
		name := m.write(t)
		a, err := Open(name, &OpenOptions{NoIndex: m.indexed})
		if err != nil {
			t.Fatalf("%s, %d bytes: %v", m.name, len(m.archive), err)
		}
		b := make([]byte, a.Size())
		if _, err := a.x.scanned().ReadAt(b, 0); err != nil || !bytes.Equal(b, want[0]) || a.Unfinished() != int64(len(m.archive)-len(want[0])) {
			t.Errorf("%s, %d bytes: what is read is neither the old archive nor the new one (%v)", m.name, len(m.archive), err)
		}
		a.Close()
		res, err := Verify(ctx, name, VerifyOptions{})
		if sound := len(m.archive) == len(want[0]) && m.indexed; err != nil || (res.Failed == 0) != sound {
			t.Errorf("%s: verify: %v, %v", m.name, err, res.Problems)
		}
		if !bytes.Equal(mustRead(t, name), m.archive) {
			t.Fatalf("%s: reading has written", m.name)
		}
		for does, write := range map[string]func(name string) error{
			"add": func(name string) error {
				_, err := Add(ctx, name, []string{nothing}, AddOptions{})
				return err
			},
			"append": func(name string) error {
				_, err := Add(ctx, name, []string{nothing}, AddOptions{Append: true})
				return err
			},
			"index": func(name string) error {
				_, err := Reindex(ctx, name, IndexOptions{})
				return err
			},
			"repair": func(name string) error {
				_, err := Repair(ctx, name, name, RepairOptions{})
				return err
			},
		} {
			name := m.write(t)
			if err := write(name); err != nil {
				t.Errorf("%s: %s: %v", m.name, does, err)
				continue
			}
			if !bytes.Equal(mustRead(t, name), want[0]) {
				t.Errorf("%s: %s leaves neither the old archive nor the new one", m.name, does)
			}
			if m.indexed || m.left != nil {
				wantSound(t, name)
			}
		}
	}
}

// TestHealOthers: bytes behind an archive that nobody has noted are not ours to cut off, unless repair is asked to.
func TestHealOthers(t *testing.T) {
	ctx := context.Background()
	name := mustPack(t, tree(t, [2]string{"a", "x"}), PackOptions{})
	good, side := mustRead(t, name), mustRead(t, name+SidecarSuffix)
	more := tree(t, [2]string{"b", "y"})
	for _, rest := range [][]byte{[]byte("\n"), good, bytes.Repeat([]byte{0}, 1000)} {
		both := append(bytes.Clone(good), rest...)
		other := bytes.Clone(good[len(good)-TrailerSize:])
		other[digestAt]++
		for _, note := range [][]byte{nil, {}, good[len(good)-TrailerSize:], append(other, noteMark...)} {
			name := writeArchive(t, both, side)
			if note != nil {
				writeFile(t, tempName(name), note)
			}
			for _, o := range []AddOptions{{}, {Append: true}} {
				if _, err := Add(ctx, name, []string{more}, o); !errors.Is(err, ErrUnfinished) {
					t.Errorf("add: %v", err)
				}
			}
			if _, err := Reindex(ctx, name, IndexOptions{}); !errors.Is(err, ErrUnfinished) {
				t.Errorf("index: %v", err)
			}
			if !bytes.Equal(mustRead(t, name), both) {
				t.Fatal("it was cut off")
			}
			out := filepath.Join(t.TempDir(), "out.tar.gz")
			if res, err := Repair(ctx, name, out, RepairOptions{}); err != nil || res.CutOff != int64(len(rest)) || res.Lost != 0 {
				t.Errorf("%+v, %v", res, err)
			}
			if !bytes.Equal(mustRead(t, out), good) || !bytes.Equal(mustRead(t, name), both) {
				t.Error("it was not repaired elsewhere")
			}
			if res, err := Repair(ctx, name, name, RepairOptions{}); err != nil || res.CutOff != int64(len(rest)) || res.Lost != 0 {
				t.Errorf("%+v, %v", res, err)
			}
			if !bytes.Equal(mustRead(t, name), good) {
				t.Error("it was not repaired")
			}
			wantSound(t, name)
		}
	}
	if err := os.Truncate(name, int64(len(good)-1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name, nil); !errors.Is(err, ErrTruncated) {
		t.Error(err)
	}
}

// digestAt is where T has a byte of the digest.
const digestAt = 45
