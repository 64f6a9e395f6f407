package convert_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"

	"golang.org/x/text/encoding/japanese"

	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// optionsTar returns a tar with something for every option of Convert.
func optionsTar(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(h tar.Header, content string) {
		h.Typeflag, h.Mode, h.Size = tar.TypeReg, 0o644, int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	text := tartest.Text("options", 200_000)
	add(tar.Header{Name: "a.txt"}, text)
	add(tar.Header{Name: "b.txt"}, text)
	add(tar.Header{Name: "../refused"}, "")
	add(tar.Header{Name: "attributes", PAXRecords: map[string]string{"SCHILY.xattr.user.x": "y"}},
		"")
	for i := range 300 {
		add(tar.Header{Name: fmt.Sprintf("many/%03d", i)}, "")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// namedZip returns a zip of a file with a name in Shift-JIS.
func namedZip(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if _, err := w.CreateHeader(&zip.FileHeader{Name: "\x82\xa0", NonUTF8: true}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o convert.Options) *tartest.Outcome {
		out := filepath.Join(t.TempDir(), "out.tar.gz")
		if _, err := convert.Convert(context.Background(), bytes.NewReader(optionsTar(t)), out,
			o); err != nil {
			t.Fatal(err)
		}
		named := filepath.Join(filepath.Dir(out), "named.tar.gz")
		if _, err := convert.Convert(context.Background(), bytes.NewReader(namedZip(t)), named,
			o); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, filepath.Dir(out), out, named)
	}, tartest.LevelOption(), tartest.WorkersOption(), tartest.DedupOption(),
		tartest.SHA256Option(), tartest.DryRunOption(), zipEncodingOption())
}

func zipEncodingOption() tartest.Option {
	return tartest.Option{
		Field: "ZipEncoding", Value: japanese.ShiftJIS,
		Effect: func(zero, set *tartest.Outcome) bool {
			return zero.Entries["\x82\xa0"].Name != "" && set.Entries["あ"].Name != ""
		}}
}

func TestStreamOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o convert.StreamOptions) *tartest.Outcome {
		res := tartest.OutcomeOf(t, t.TempDir())
		for _, in := range [][]byte{optionsTar(t), namedZip(t)} {
			var out bytes.Buffer
			if _, err := convert.Stream(context.Background(), bytes.NewReader(in), &out,
				o); err != nil {
				t.Fatal(err)
			}
			res.AddArchive(t, out.Bytes())
		}
		return res
	}, append(tartest.StreamOptions(), tartest.LevelOption(), tartest.WorkersOption(),
		tartest.DedupOption(), tartest.SHA256Option(), tartest.EmbedIndexOption(),
		zipEncodingOption())...)
}

// A stream has the bytes of a file, and no temporary file is left.
func TestStreamMatches(t *testing.T) {
	filetest.SetTempDir(t, t.TempDir())
	for _, in := range [][]byte{optionsTar(t), namedZip(t),
		tartest.Read(t, tartest.Pack(t, tartest.OptionsTree(t), pack.Options{}))} {
		out := filepath.Join(t.TempDir(), "out.tar.gz")
		want, err := convert.Convert(context.Background(), bytes.NewReader(in), out, convert.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var archive, sidecar bytes.Buffer
		got, err := convert.Stream(context.Background(), bytes.NewReader(in), &archive,
			convert.StreamOptions{Sidecar: &sidecar})
		if err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		if !bytes.Equal(archive.Bytes(), tartest.Read(t, out)) ||
			!bytes.Equal(sidecar.Bytes(), tartest.Read(t, out+format.SidecarSuffix)) {
			t.Error("other bytes")
		}
	}
	if list, err := os.ReadDir(os.TempDir()); err != nil || len(list) > 0 {
		t.Error(list, err)
	}
}

func TestRepairOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o convert.RepairOptions) *tartest.Outcome {
		name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
		b := tartest.Read(t, name)
		tartest.WriteFile(t, name, b[:len(b)-100]) // without its trailer and part of an entry
		out := filepath.Join(t.TempDir(), "out.tar.gz")
		if _, err := convert.Repair(context.Background(), name, out, o); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, filepath.Dir(out), out)
	}, tartest.WorkersOption(), tartest.DryRunOption(), tartest.Option{
		Field: "Single", Value: true, Effect: func(_, _ *tartest.Outcome) bool {
			shard := packThree(t).Shard(1)
			repair := func(single bool) error {
				_, err := convert.Repair(context.Background(), shard, shard,
					convert.RepairOptions{Single: single})
				return err
			}
			return errors.Is(repair(false), format.ErrPart) && repair(true) == nil
		},
	})
}
