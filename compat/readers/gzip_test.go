package readers

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
	"github.com/tarpack/tpk/gzmember/coding"
)

// gunzips are programs that read the gzip layer. From a list of members each must make one plain
// tar.
var gunzips = [][]string{
	{"gzip", "-dc"},
	{"pigz", "-dc"},
	{"pigz", "-dc", "-p1"},
	{"libdeflate-gunzip", "-c"},
	{"igzip", "-d", "-c"},
	{"busybox", "zcat"},
	{"python3", "-c",
		"import gzip, shutil, sys; shutil.copyfileobj(gzip.open(sys.argv[1]), sys.stdout.buffer)"},
	{"bsdcat"},
}

// TestGzipLayer inflates whole archives. Every program must give the same tar as the members
// inflated one by one.
func TestGzipLayer(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			want := sumOf(t, memberByMember(t, f.Archive))
			for _, g := range gunzips {
				t.Run(fmt.Sprint(g[:min(2, len(g))]), func(t *testing.T) {
					cmd := exec.Command(tools.Path(t, g[0]), append(g[1:len(g):len(g)], f.Archive)...)
					h := sha256.New()
					cmd.Stdout = h
					if r := tools.Run(t, cmd); r.Code != 0 || len(r.Err) > 0 {
						t.Fatal(r)
					}
					if got := [sha256.Size]byte(h.Sum(nil)); got != want {
						t.Error("other bytes than the members hold")
					}
				})
			}
			for _, test := range [][]string{{"gzip", "-tv"}, {"pigz", "-t"}, {"7z", "t", "-tgzip"}} {
				r := tools.Run(t, exec.Command(tools.Path(t, test[0]), append(test[1:], f.Archive)...))
				if r.Code != 0 {
					t.Error(r)
				}
			}
		})
	}
}

// memberByMember returns the contents of the members, each inflated on its own.
func memberByMember(t *testing.T, archive string) io.Reader {
	t.Helper()
	raw, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	rest := bytes.NewReader(raw) // an io.ByteReader, so gzip reads nothing ahead
	z := new(gzip.Reader)
	pr, pw := io.Pipe()
	go func() {
		for rest.Len() > 0 {
			if err := z.Reset(rest); err != nil {
				pw.CloseWithError(err)
				return
			}
			z.Multistream(false)
			if _, err := io.Copy(pw, z); err != nil {
				pw.CloseWithError(err)
				return
			}
		}
		pw.Close()
	}()
	t.Cleanup(func() { pr.Close() })
	return pr
}

func sumOf(t *testing.T, r io.Reader) [sha256.Size]byte {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// TestLargestExtraField lets every program read a member with the largest extra field that tpk
// writes. busybox has a buffer of 16 KiB for it.
func TestLargestExtraField(t *testing.T) {
	payload := make([]byte, 2+4*coding.MaxSegments(coding.MaxShift))
	noise := trees.NoiseBytes("before", 100_000)
	members := slices.Concat(forge.Member(noise, nil), forge.Zeros(500, payload),
		forge.Member([]byte("after"), nil))
	want := slices.Concat(noise, make([]byte, 500), []byte("after"))
	name := filepath.Join(tools.Dir(t), "members.gz")
	fixture.WriteFiles(t, map[string][]byte{name: members})
	for _, g := range gunzips {
		out := tools.Must(t, exec.Command(tools.Path(t, g[0]), append(g[1:len(g):len(g)], name)...))
		if !bytes.Equal(out, want) {
			t.Errorf("%v gives %d bytes, want %d", g, len(out), len(want))
		}
	}
}
