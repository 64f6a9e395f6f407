package compat

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

	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
	"github.com/tarpack/tpk/gzmember/coding"
)

// gunzips are the programs that read the gzip layer: a list of members, that must give one plain tar.
var gunzips = [][]string{
	{"gzip", "-dc"},
	{"pigz", "-dc"},
	{"pigz", "-dc", "-p1"},
	{"libdeflate-gunzip", "-c"},
	{"igzip", "-d", "-c"},
	{"busybox", "zcat"},
	{"python3", "-c", "import gzip, shutil, sys; shutil.copyfileobj(gzip.open(sys.argv[1]), sys.stdout.buffer)"},
	{"bsdcat"},
}

// TestGzipLayer inflates whole archives: every program must give the tar that the members make one after the other.
func TestGzipLayer(t *testing.T) {
	for _, c := range trees.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := packed(t, c)
			want := sumOf(t, memberByMember(t, f.archive))
			for _, g := range gunzips {
				t.Run(fmt.Sprint(g[:min(2, len(g))]), func(t *testing.T) {
					cmd := exec.Command(tools.Path(t, g[0]), append(g[1:len(g):len(g)], f.archive)...)
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
				r := tools.Run(t, exec.Command(tools.Path(t, test[0]), append(test[1:], f.archive)...))
				if r.Code != 0 {
					t.Error(r)
				}
			}
		})
	}
}

// memberByMember gives the contents of the members, each inflated on its own.
func memberByMember(t *testing.T, archive string) io.Reader {
	t.Helper()
	raw, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	rest := bytes.NewReader(raw) // an io.ByteReader: nothing is read ahead
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

// TestLargestExtraField has every program read over the largest extra field there can be: busybox keeps 16 KiB.
func TestLargestExtraField(t *testing.T) {
	payload := make([]byte, 2+4*coding.MaxSegments(coding.MaxShift))
	noise := trees.NoiseBytes("before", 100_000)
	members := slices.Concat(forge.Member(noise, nil), forge.Zeros(500, payload), forge.Member([]byte("after"), nil))
	want := slices.Concat(noise, make([]byte, 500), []byte("after"))
	name := filepath.Join(tools.Dir(t), "members.gz")
	writeFiles(t, map[string][]byte{name: members})
	for _, g := range gunzips {
		out := tools.Must(t, exec.Command(tools.Path(t, g[0]), append(g[1:len(g):len(g)], name)...))
		if !bytes.Equal(out, want) {
			t.Errorf("%v gives %d bytes, want %d", g, len(out), len(want))
		}
	}
}
