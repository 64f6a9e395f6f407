package variants_test

import (
	"crypto/sha256"
	"slices"
	"strings"
	"testing"

	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/variants"
)

// forge writes a variants file in which every hash is right, but pages/003.html has the content of
// another page, with the SHA-256 that belongs to it. It returns how the problems of this begin.
func forge(t *testing.T, archive string) (problems []string) {
	t.Helper()
	a := tartest.Open(t, archive)
	old, err := codings.Open(archive+format.VariantsSuffix, codings.Of(a.Index()))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	var m memory
	w := codings.NewWriter(&m, old.Archive(), old.Settings())
	for _, d := range old.Dictionaries() {
		if _, err := w.AddDictionary(d); err != nil {
			t.Fatal(err)
		}
	}
	victim, other := lookup(t, a, "pages/003.html"), lookup(t, a, "pages/004.html")
	content, err := a.AppendContent(nil, victim)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{victim, other} {
		set, err := old.Find(other)
		if err != nil {
			t.Fatal(err)
		}
		var encoded [codings.NumCodings]codings.Encoded
		for c := range codings.NumCodings {
			v, ok := set.Get(c)
			if !ok {
				continue
			}
			if i == victim {
				problems = append(problems, "pages/003.html: "+c.String()+":")
			}
			b, err := old.Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			encoded[c] = codings.Encoded{Bytes: b, Dictionary: v.Dictionary}
		}
		size, sum := set.Size, sha256.Sum256([]byte(page(4)))
		if i == victim {
			size, sum = int64(len(content)), sha256.Sum256(content)
		}
		if _, err := w.Add(i, size, sum, encoded); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	tartest.WriteFile(t, archive+format.VariantsSuffix, m)
	slices.Sort(problems)
	return problems
}

// memory is an io.WriterAt.
type memory []byte

func (m *memory) WriteAt(b []byte, off int64) (int, error) {
	if need := int(off) + len(b) - len(*m); need > 0 {
		*m = append(*m, make([]byte, need)...)
	}
	return copy((*m)[off:], b), nil
}

func lookup(t *testing.T, a *tarpack.Archive, path string) int {
	t.Helper()
	i, ok, err := a.Index().Lookup(path)
	if err != nil || !ok {
		t.Fatal(path, ok, err)
	}
	return i
}

// TestForged requires that Verify finds variants of another content, and Build takes none of them.
func TestForged(t *testing.T) {
	for _, sums := range []bool{false, true} {
		archive := tartest.Pack(t, site(t), pack.Options{SHA256: sums})
		res := build(t, archive, variants.Options{Settings: all})
		want := string(tartest.Read(t, res.Name))
		problems := forge(t, archive)
		if len(page(3)) == len(page(4)) {
			t.Fatal("the pages must have other sizes")
		}
		wantProblems(t, archive, problems...)
		again := build(t, archive, variants.Options{})
		if again.Reused != 1 || string(tartest.Read(t, res.Name)) != want {
			t.Errorf("sums %v: %+v", sums, again)
		}
		wantProblems(t, archive)
	}
}

// TestDamaged flips bytes of a variants file: each is one problem, or several of one content.
func TestDamaged(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{})
	name := build(t, archive, variants.Options{Settings: all}).Name
	good := tartest.Read(t, name)
	for at := 0; at < len(good); at += len(good)/12 + 1 {
		b := []byte(string(good))
		b[at] ^= 0x10
		tartest.WriteFile(t, name, b)
		res, err := variants.Verify(t.Context(), archive, variants.VerifyOptions{})
		if err != nil || res.Failed != 1 {
			t.Errorf("byte %d: %+v, %v", at, res, err)
		}
		build(t, archive, variants.Options{Settings: all})
		if string(tartest.Read(t, name)) != string(good) {
			t.Errorf("byte %d: built again, the file has other bytes", at)
		}
	}
}

// TestSigned verifies variants of an archive that was signed. The content decides, not the file.
func TestSigned(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{SHA256: true})
	trust := tartest.Sign(t, archive)
	build(t, archive, variants.Options{Settings: all})
	verify := func() (problems []string) {
		_, err := variants.Verify(t.Context(), archive, variants.VerifyOptions{Trust: trust,
			Problem: func(p *format.Problem) { problems = append(problems, p.Error()) }})
		if err != nil {
			t.Fatal(err)
		}
		return problems
	}
	if p := verify(); len(p) > 0 {
		t.Errorf("%q", p)
	}
	want := forge(t, archive)
	if p := verify(); len(p) != len(want) || len(p) < 2 || !strings.Contains(p[0], "pages/003.html") {
		t.Errorf("%q", p)
	}
}
