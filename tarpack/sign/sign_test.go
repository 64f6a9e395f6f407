package sign_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/sign"
	"github.com/tarpack/tpk/tarpack/signature"
)

func TestOptions(t *testing.T) {
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{SHA256: true})
	key := tartest.NewKey(t)
	trust := &signature.Trust{Key: key.Public()}
	tartest.CheckOptions(t, func(t *testing.T, o sign.Options) *tartest.Outcome {
		out := &tartest.Outcome{}
		if _, err := sign.Sign(t.Context(), name, key, o); err != nil {
			out.Files = []string{err.Error()}
			return out
		}
		s, err := trust.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		out.Bytes = int(s.Time.Unix())
		return out
	},
		tartest.Option{Field: "Time", Value: time.Unix(1e9, 5),
			Effect: func(zero, set *tartest.Outcome) bool {
				return set.Bytes == 1e9 && time.Since(time.Unix(int64(zero.Bytes), 0)) < time.Hour
			}},
		tartest.Option{Field: "Workers", Value: 7, Effect: func(_, _ *tartest.Outcome) bool {
			return sign.Workers(7) == 7 && sign.Workers(0) == 0
		}},
		tartest.Option{Field: "TempDir", Value: filepath.Join(t.TempDir(), "missing"),
			Effect: func(zero, set *tartest.Outcome) bool { return zero.Files == nil && set.Files != nil }},
	)
}

// TestRefused requires that an archive that is not in order is not signed, and that nothing is
// written.
func TestRefused(t *testing.T) {
	good := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{SHA256: true})
	archive, side := tartest.Read(t, good), tartest.Read(t, good+format.SidecarSuffix)
	for what, c := range map[string]struct {
		do   func(t *testing.T, name string)
		want error
	}{
		"no sums": {func(t *testing.T, name string) {
			b := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
			tartest.WriteFile(t, name, tartest.Read(t, b))
			tartest.WriteFile(t, name+format.SidecarSuffix, tartest.Read(t, b+format.SidecarSuffix))
		}, sidecar.ErrNoSums},
		"no sidecar": {func(t *testing.T, name string) {
			if err := os.Remove(name + format.SidecarSuffix); err != nil {
				t.Fatal(err)
			}
		}, format.ErrNoSidecar},
		"a damaged content": {func(t *testing.T, name string) {
			b := tartest.Read(t, name)
			b[len(b)/2] ^= 1
			tartest.WriteFile(t, name, b)
		}, format.ErrCorrupt},
		"a sidecar that does not fit": {func(t *testing.T, name string) {
			a, s := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
			s[512+41] ^= 1 // a mode
			tartest.Vouch(a, s)
			tartest.WriteFile(t, name, a)
			tartest.WriteFile(t, name+format.SidecarSuffix, s)
		}, format.ErrCorrupt},
		"a damaged sidecar": {func(t *testing.T, name string) {
			s := tartest.Read(t, name+format.SidecarSuffix)
			s[512+41] ^= 1
			tartest.WriteFile(t, name+format.SidecarSuffix, s)
		}, format.ErrCorrupt},
		"a damaged index in the archive": {func(t *testing.T, name string) {
			embedIndex(t, name)
			flip(t, name, -64-16_330+512+41)
		}, format.ErrEmbedded},
		"a damaged index in the archive, and a sidecar": {func(t *testing.T, name string) {
			embedIndex(t, name)
			_, err := tarpack.Reindex(t.Context(), name, tarpack.ReindexOptions{})
			if err != nil {
				t.Fatal(err)
			}
			flip(t, name, -64-16_330+512+41)
		}, format.ErrEmbedded},
		"a stale sidecar beside an index in the archive": {func(t *testing.T, name string) {
			s := tartest.Read(t, name+format.SidecarSuffix)
			embedIndex(t, name)
			tartest.WriteFile(t, name+format.SidecarSuffix, s)
		}, format.ErrStale},
		"bytes behind the end": {func(t *testing.T, name string) {
			tartest.WriteFile(t, name, append(tartest.Read(t, name), "more"...))
		}, format.ErrUnfinished},
		"no archive": {func(t *testing.T, name string) {
			tartest.WriteFile(t, name, []byte("no archive"))
		}, format.ErrNotArchive},
		"nothing": {func(t *testing.T, name string) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}, os.ErrNotExist},
		"a directory": {func(t *testing.T, name string) {
			if err := errors.Join(os.Remove(name), os.Mkdir(name, 0o755)); err != nil {
				t.Fatal(err)
			}
		}, format.ErrNotArchive},
		"a directory with the name of the checksums": {func(t *testing.T, name string) {
			if err := os.Mkdir(name+signature.SumSuffix, 0o755); err != nil {
				t.Fatal(err)
			}
		}, format.ErrNotRegular},
	} {
		t.Run(what, func(t *testing.T) {
			name := tartest.WriteArchive(t, archive, side)
			c.do(t, name)
			before, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "*"))
			_, err := sign.Sign(t.Context(), name, tartest.NewKey(t), sign.Options{})
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			after, _ := os.ReadDir(filepath.Dir(name))
			if len(after) != len(before) {
				t.Errorf("%v, before %v", after, before)
			}
		})
	}
}

func embedIndex(t *testing.T, name string) {
	t.Helper()
	if _, err := tarpack.EmbedIndex(t.Context(), name, tarpack.EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
}

// flip changes a byte, counted from the end of a file.
func flip(t *testing.T, name string, at int) {
	t.Helper()
	b := tartest.Read(t, name)
	b[len(b)+at] ^= 1
	tartest.WriteFile(t, name, b)
}

// TestLink signs an archive by way of a symbolic link. The files lie beside the archive, and are
// found through the link.
func TestLink(t *testing.T) {
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{SHA256: true})
	link := filepath.Join(t.TempDir(), "latest.tar.gz")
	filetest.NeedSymlinks(t)
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	trust := tartest.Sign(t, link)
	for _, n := range []string{name, link} {
		a, err := tarpack.Open(t.Context(), n, &tarpack.OpenOptions{Trust: trust})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Signed().Name; got != name+signature.SumSuffix {
			t.Errorf("%s: %s", n, got)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		res, err := tarpack.Verify(t.Context(), n, tarpack.VerifyOptions{Trust: trust})
		if err != nil || res.Failed > 0 {
			t.Errorf("%s: %v, %v", n, res.Problems, err)
		}
	}
}

// TestStopped ends a signature before it is written.
func TestStopped(t *testing.T) {
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{SHA256: true})
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	_, err := sign.Sign(ctx, name, tartest.NewKey(t), sign.Options{
		Progress: func(format.Progress) { cancel(stopped) }})
	if !errors.Is(err, stopped) {
		t.Error(err)
	}
	if names, _ := filepath.Glob(name + "?*"); len(names) != 1 {
		t.Errorf("%v", names)
	}
}
