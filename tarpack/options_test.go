package tarpack_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/signature"
)

// failed is the Outcome of a function that returned an error, or nil.
func failed(err error) *tartest.Outcome {
	out := &tartest.Outcome{}
	if err != nil {
		out.Paths = []string{err.Error()}
	}
	return out
}

func fails(zero, set *tartest.Outcome) bool { return zero.Paths == nil && set.Paths != nil }

// workersReach is the field Workers of options that reach the scan of an archive by a function. How
// many goroutines a scan has at a time cannot be seen from outside.
func workersReach(scanned func(workers int) int) tartest.Option {
	return tartest.Option{Field: "Workers", Value: 7, Effect: func(_, _ *tartest.Outcome) bool {
		return scanned(7) == 7 && scanned(0) == 0
	}}
}

func TestOpenOptions(t *testing.T) {
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
	elsewhere := filepath.Join(t.TempDir(), "index")
	if err := os.Rename(name+format.SidecarSuffix, elsewhere); err != nil {
		t.Fatal(err)
	}
	tartest.CheckOptions(t, func(t *testing.T, o tarpack.OpenOptions) *tartest.Outcome {
		a, err := tarpack.Open(context.Background(), name, &o)
		if err != nil {
			return failed(err)
		}
		out := failed(nil)
		if out.Files = []string{a.Name()}; a.IndexRebuilt() {
			out.Files = append(out.Files, "rebuilt")
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		return out
	}, workersReach(tarpack.OpenWorkers),
		tartest.Option{Field: "RequireSidecar", Value: true, Effect: fails},
		tartest.Option{Field: "Sidecar", Value: elsewhere, Effect: func(_, set *tartest.Outcome) bool {
			return slices.Equal(set.Files, []string{name})
		}},
		tartest.Option{Field: "Name", Value: "other", Effect: func(_, set *tartest.Outcome) bool {
			return slices.Equal(set.Files, []string{"other", "rebuilt"})
		}},
		tartest.Option{Field: "LoadIndex", Value: int64(1 << 20),
			Effect: func(_, _ *tartest.Outcome) bool { return loadsIndex(t) }},
		tartest.Option{Field: "CheckIndex", Value: int64(1 << 20), // TestCheckIndex checks it
			Effect: func(zero, set *tartest.Outcome) bool { return slices.Equal(zero.Files, set.Files) }},
		trustOption(t),
		tartest.Option{Field: "Within", Value: new(container),
			Effect: func(_, _ *tartest.Outcome) bool { return isWithin(t, name) }},
		tartest.Option{Field: "Signed", Value: &signature.Signed{}, // TestSignedSource checks it
			Effect: func(zero, set *tartest.Outcome) bool { return slices.Equal(zero.Files, set.Files) }})
}

// container is an archive in a file.
type container struct{ tarpack.Container }

// isWithin reports whether an archive that is opened with a container is in that.
func isWithin(t *testing.T, name string) bool {
	b, c := tartest.Read(t, name), new(container)
	a, err := tarpack.OpenAt(t.Context(), bytes.NewReader(b), int64(len(b)), nil, 0,
		&tarpack.OpenOptions{Within: c})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	return a.Within() == c && tartest.Open(t, name).Within() == nil
}

// trustOption is a field Trust that refuses an archive that is not signed.
func trustOption(t *testing.T) tartest.Option {
	trust := &signature.Trust{Key: tartest.NewKey(t).Public()}
	return tartest.Option{Field: "Trust", Value: trust, Effect: fails}
}

// loadsIndex reports whether only LoadIndex finds a section of a sidecar that its hash does not
// fit.
func loadsIndex(t *testing.T) bool {
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
	side := tartest.Read(t, name+format.SidecarSuffix)
	side[len(side)-1] ^= 1
	tartest.WriteFile(t, name+format.SidecarSuffix, side)
	a, err := tarpack.Open(t.Context(), name, &tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	for _, limit := range []int64{1, 1 << 20} { // mapped, and read into memory
		o := &tarpack.OpenOptions{RequireSidecar: true, LoadIndex: limit}
		if _, err := tarpack.Open(t.Context(), name, o); !errors.Is(err, format.ErrStale) {
			t.Errorf("with %d: %v", limit, err)
			return false
		}
	}
	return true
}

func TestReindexOptions(t *testing.T) {
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
	elsewhere := filepath.Join(t.TempDir(), "index")
	tartest.CheckOptions(t, func(_ *testing.T, o tarpack.ReindexOptions) *tartest.Outcome {
		if err := os.Remove(name + format.SidecarSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		_, err := tarpack.Reindex(context.Background(), name, o)
		out := failed(err)
		for _, file := range []string{name + format.SidecarSuffix, elsewhere} {
			if _, err := os.Stat(file); err == nil {
				out.Files = append(out.Files, file)
			}
		}
		return out
	}, workersReach(tarpack.ReindexWorkers), tartest.Option{Field: "Sidecar", Value: elsewhere,
		Effect: func(zero, set *tartest.Outcome) bool {
			return slices.Equal(zero.Files, []string{name + format.SidecarSuffix}) &&
				slices.Equal(set.Files, []string{elsewhere})
		}})
}

func TestVerifyOptions(t *testing.T) {
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
	archive := tartest.Read(t, name)
	noSidecar := filepath.Join(t.TempDir(), "none.tar.gz") // for Notice
	tartest.WriteFile(t, noSidecar, archive)
	archive[len(archive)/2] ^= 1 // for Problem
	tartest.WriteFile(t, name, archive)
	tartest.CheckOptions(t, func(_ *testing.T, o tarpack.VerifyOptions) *tartest.Outcome {
		_, err := tarpack.Verify(context.Background(), noSidecar, o)
		_, err2 := tarpack.Verify(context.Background(), name, o)
		return failed(errors.Join(err, err2))
	}, workersReach(tarpack.VerifyWorkers), tartest.Option{
		Field: "TempDir", Value: filepath.Join(t.TempDir(), "missing"), Effect: fails,
	}, trustOption(t))
}

func TestEmbedOptions(t *testing.T) {
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
	archive := tartest.Read(t, name)
	tartest.CheckOptions(t, func(t *testing.T, o tarpack.EmbedOptions) *tartest.Outcome {
		name := tartest.WriteArchive(t, archive, nil)
		res, err := tarpack.EmbedIndex(context.Background(), name, o)
		if err != nil || !res.Written {
			t.Error(res, err)
		}
		return failed(err)
	}, workersReach(tarpack.EmbedWorkers))
}
