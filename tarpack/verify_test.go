package tarpack_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// verify verifies an archive and returns its problems as lines.
func verify(t testing.TB, archive, side []byte) ([]string, error) {
	t.Helper()
	res, err := tarpack.Verify(context.Background(), tartest.WriteArchive(t, archive, side),
		tarpack.VerifyOptions{TempDir: t.TempDir()})
	var lines []string
	for _, p := range res.Problems {
		lines = append(lines, p.Error())
	}
	if res.Failed != int64(len(lines)) {
		t.Errorf("%d problems, %d lines", res.Failed, len(lines))
	}
	return lines, err
}

func TestVerifySound(t *testing.T) {
	for name, parts := range map[string][]tartest.ForgedPart{"none": nil,
		"variety": tartest.Variety(), "big": tartest.Big()} {
		archive := tartest.ForgeRight(t, parts...)
		side := tartest.IndexOf(t, archive)
		for _, s := range [][]byte{side, nil} {
			notices := 0
			res, err := tarpack.Verify(context.Background(), tartest.WriteArchive(t, archive, s),
				tarpack.VerifyOptions{Notice: func(error) { notices++ }})
			if err != nil || res.Failed != 0 || (notices == 1) != (s == nil) {
				t.Errorf("%s: %+v, %v, %d notices", name, res, err, notices)
			}
			x, err := sidecar.OpenBytes(side)
			if err != nil {
				t.Fatal(err)
			}
			if st := x.Stats(); res.Entries != int64(x.Len()) || res.Bytes < int64(st.FileBytes) {
				t.Errorf("%s: %+v, want %+v", name, res, st)
			}
		}
	}
}

// readByGo returns all that archive/tar and compress/gzip read in an archive.
func readByGo(archive []byte) ([]string, error) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	var lines []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			_, err := io.Copy(io.Discard, z)
			return lines, err
		}
		if err != nil {
			return nil, err
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("%c %q %q %o %d %d %x", h.Typeflag, h.Name, h.Linkname,
			h.Mode, h.Size, h.ModTime.Unix(), sum.Sum(nil)))
	}
}

// TestVerifyFlips changes each byte of a small archive and of its sidecar. Verify must see it, or
// the archive must still mean the same, to other programs and in its index.
func TestVerifyFlips(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.AFile("a", "aaaa"), tartest.AStored("b", "stored"),
		tartest.AFile("e", ""), tartest.AFile("t", tartest.Text("t", 512)),
		tartest.AGroup(tartest.SymlinkHeader("c", "a"), tartest.HardlinkHeader("h", "a"),
			tartest.DirHeader("d")), tartest.AFile("d/f", tartest.Text("x", 100)))
	side := tartest.IndexOf(t, archive)
	want, err := readByGo(archive)
	if err != nil {
		t.Fatal(err)
	}
	masks := []byte{0x01, 0x10, 0x80, 0xff}
	if testing.Short() {
		masks = masks[:1]
	}
	unseen := 0
	for i := range archive {
		for _, mask := range masks {
			damaged := bytes.Clone(archive)
			damaged[i] ^= mask
			for _, s := range [][]byte{side, nil} {
				lines, err := verify(t, damaged, s)
				if err != nil || len(lines) > 0 {
					continue
				}
				unseen++
				got, err := readByGo(damaged)
				if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("archive, byte %d ^ %02x: nothing found (%v)", i, mask, err)
				}
				if !bytes.Equal(tartest.IndexOf(t, damaged), side) {
					t.Errorf("archive, byte %d ^ %02x: another index", i, mask)
				}
			}
		}
	}
	for i := range side {
		damaged := bytes.Clone(side)
		damaged[i] ^= masks[i%len(masks)]
		if lines, err := verify(t, archive, damaged); err != nil || len(lines) == 0 {
			t.Errorf("sidecar, byte %d: %q, %v", i, lines, err)
		}
	}
	t.Logf("%d of %d changes to the archive change nothing", unseen, 2*len(masks)*len(archive))
}

// Each truncation is found, and with a sidecar all that is lost is named.
func TestVerifyTruncated(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	side := tartest.IndexOf(t, archive)
	x, err := sidecar.OpenBytes(side)
	if err != nil {
		t.Fatal(err)
	}
	var lengths []int
	for n := 0; n < len(archive); n += 13 {
		lengths = append(lengths, n)
	}
	for n := len(archive) - format.EndSize; n < len(archive); n++ {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		lines, err := verify(t, archive[:n], side)
		all := strings.Join(lines, "\n")
		if strings.Contains(all, "follow") {
			t.Errorf("%d bytes left, and some follow: %s", n, all)
		}
		if n == 0 {
			if !errors.Is(err, format.ErrNotArchive) {
				t.Errorf("nothing left: %v", err)
			}
			continue
		}
		if err != nil || len(lines) == 0 {
			t.Errorf("%d bytes left: %q, %v", n, lines, err)
		}
		for row, err := range x.All(0, x.Len()) {
			if err != nil {
				t.Fatal(err)
			}
			lost := row.Entry.Offset+row.Entry.Length() > int64(n)
			named := strings.Contains("\n"+all, "\n"+string(row.Path)+": ")
			if lost != named {
				t.Fatalf("%d bytes left, %s lies from %d to %d: named is %v\n%s", n, row.Path,
					row.Entry.Offset, row.Entry.Offset+row.Entry.Length(), named, all)
			}
		}
	}
}

// An archive and its sidecar may both be right in themselves, and yet contradict each other.
func TestVerifyDisagreement(t *testing.T) {
	change := func(old, new string) func(archive, side []byte) ([]byte, []byte) {
		return func(archive, side []byte) ([]byte, []byte) {
			side = bytes.Replace(side, []byte(old), []byte(new), 1)
			tartest.Vouch(archive, side)
			return archive, side
		}
	}
	other := tartest.ForgeRight(t, tartest.AFile("a", "bbbb"), tartest.AFile("path", "x"),
		tartest.AGroup(tartest.SymlinkHeader("s", "text")))
	for _, c := range []struct {
		name   string
		change func(archive, side []byte) ([]byte, []byte)
		says   []string
	}{
		{"another path", change("path", "pbth"), []string{"path: offset", "pbth: offset",
			"the archive has it"}},
		{"another link", change("text", "tekt"), []string{"s: offset", "link target"}},
		{"another content, old trailer and sidecar", func(archive, side []byte) ([]byte, []byte) {
			t, err := format.ParseTrailer(archive[len(archive)-format.EndSize:])
			if err != nil {
				panic(err)
			}
			return t.Append(bytes.Clone(other[:len(other)-format.EndSize])), side
		}, []string{"a: offset 0: ", "hash", "CRC-32", "not as it was packed"}},
		{"a sidecar for another one", func(archive, side []byte) ([]byte,
			[]byte) {
			return other, side
		}, []string{"does not belong"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			archive := tartest.ForgeRight(t, tartest.AFile("a", "aaaa"), tartest.AFile("path", "x"),
				tartest.AGroup(tartest.SymlinkHeader("s", "text")))
			archive, side := c.change(archive, tartest.IndexOf(t, archive))
			lines, err := verify(t, archive, side)
			all := strings.Join(lines, "\n")
			if err != nil || len(lines) == 0 {
				t.Errorf("%q, %v", lines, err)
			}
			for _, s := range c.says {
				if !strings.Contains(all, s) {
					t.Errorf("%q does not say %q", all, s)
				}
			}
		})
	}
}

// What breaks the rules among entries is named as well.
func TestVerifyRules(t *testing.T) {
	for _, c := range []struct {
		parts []tartest.ForgedPart
		says  string
	}{
		{[]tartest.ForgedPart{tartest.AFile("f", "x"), tartest.AFile("f", "y")}, `duplicate path: "f"`},
		{[]tartest.ForgedPart{tartest.AFile("d/f", "x")}, `"d/f"`},
		{[]tartest.ForgedPart{tartest.AGroup(tartest.HardlinkHeader("h", "f"))}, `"h"`},
	} {
		lines, err := verify(t, tartest.Forge(uint64(len(c.parts)), 0, c.parts...), nil)
		if err != nil || len(lines) != 1 || !strings.Contains(lines[0], c.says) {
			t.Errorf("%q, %v, want %q", lines, err, c.says)
		}
	}
}

func TestVerifyCannot(t *testing.T) {
	if _, err := tarpack.Verify(context.Background(), t.TempDir()+"/missing",
		tarpack.VerifyOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := verify(t, tartest.ForeignTar(t, "x"), nil); !errors.Is(err, format.ErrNotArchive) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	cancel(stop)
	if _, err := tarpack.Verify(ctx, tartest.WriteArchive(t,
		tartest.ForgeRight(t, tartest.Variety()...), nil), tarpack.VerifyOptions{}); !errors.Is(err,
		stop) {
		t.Error(err)
	}
}

// The temporary index is gone, whatever happens.
func TestVerifyLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	name := tartest.WriteArchive(t, tartest.ForgeRight(t, tartest.Variety()...), nil)
	if _, err := tarpack.Verify(context.Background(), name,
		tarpack.VerifyOptions{TempDir: tmp}); err != nil {
		t.Fatal(err)
	}
	if list, err := os.ReadDir(tmp); err != nil || len(list) > 0 {
		t.Error(list, err)
	}
}
