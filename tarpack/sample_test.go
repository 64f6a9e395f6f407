package tarpack_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/signature"
)

// sampled packs a directory with 100 files.
func sampled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := os.WriteFile(filepath.Join(tree, fmt.Sprint(i)), fmt.Append(nil, "text ", i),
			0o644); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "a.tar.gz")
	if _, err := pack.Dir(context.Background(), tree, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestSampleOptions sets each field of SampleOptions and checks its effect.
func TestSampleOptions(t *testing.T) {
	name := sampled(t)
	verify := func(t *testing.T, o tarpack.SampleOptions) tarpack.VerifyResult {
		t.Helper()
		res, err := tarpack.VerifySample(t.Context(), name, o)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	// Damage each content, so that problems show which entries were read.
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	damaged := name + ".damaged.tar.gz"
	a, err := tarpack.Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for i := range a.Index().Len() {
		if e, err := a.Index().Entry(i); err == nil && e.ContentLen > 8 {
			b[e.ContentOffset()+e.ContentLen-6] ^= 1 // of the CRC-32
		}
	}
	sidecar, err := os.ReadFile(name + format.SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	for file, b := range map[string][]byte{damaged: b, damaged + format.SidecarSuffix: sidecar} {
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	paths := func(t *testing.T, o tarpack.SampleOptions) (all []string) {
		t.Helper()
		o.Problem = func(p *format.Problem) { all = append(all, p.Path) }
		res, err := tarpack.VerifySample(t.Context(), damaged, o)
		if err != nil || res.Failed != int64(len(all)) {
			t.Fatal(res, err)
		}
		return all
	}
	checks := map[string]func(t *testing.T){
		"Count": func(t *testing.T) {
			for n, want := range map[int64]int64{0: 1, 7: 7, 100: 100, 1000: 100} {
				if got := verify(t, tarpack.SampleOptions{Count: n}).Entries; got != want {
					t.Errorf("Count %d: %d entries", n, got)
				}
			}
		},
		"Share": func(t *testing.T) {
			for share, want := range map[float64]int64{0.05: 5, 0.001: 1, 1: 100, 0.055: 6} {
				if got := verify(t, tarpack.SampleOptions{Share: share}).Entries; got != want {
					t.Errorf("Share %v: %d entries", share, got)
				}
			}
		},
		"Seed": func(t *testing.T) {
			one := paths(t, tarpack.SampleOptions{Count: 10, Seed: 1})
			again := paths(t, tarpack.SampleOptions{Count: 10, Seed: 1})
			other := paths(t, tarpack.SampleOptions{Count: 10, Seed: 2})
			if len(one) != 10 || !reflect.DeepEqual(one, again) || reflect.DeepEqual(one, other) {
				t.Errorf("%q, %q, %q", one, again, other)
			}
		},
		"Trust": func(t *testing.T) {
			_, err := tarpack.VerifySample(t.Context(), name,
				tarpack.SampleOptions{Trust: &signature.Trust{}})
			if !errors.Is(err, signature.ErrUnsigned) {
				t.Error(err)
			}
		},
		"Problem": func(t *testing.T) {
			if all := paths(t, tarpack.SampleOptions{Share: 1}); len(all) != 100 {
				t.Errorf("%d problems", len(all))
			}
		},
		"Progress": func(t *testing.T) {
			var last format.Progress
			res := verify(t, tarpack.SampleOptions{Count: 9,
				Progress: func(p format.Progress) { last = p }})
			if last.Entries != 9 || last.Bytes != res.Bytes || res.Bytes < 9*6 {
				t.Errorf("%+v, %+v", last, res)
			}
		},
	}
	for i := range reflect.TypeFor[tarpack.SampleOptions]().NumField() {
		field := reflect.TypeFor[tarpack.SampleOptions]().Field(i).Name
		if checks[field] == nil {
			t.Errorf("%s has no check", field)
			continue
		}
		t.Run(field, checks[field])
	}
}
