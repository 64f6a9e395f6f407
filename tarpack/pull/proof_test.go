package pull_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/pull"
	"github.com/tarpack/tpk/tarpack/signature"
)

// An index that is not that of the archive: one error, and the old archive stays. Some indexes
// contradict only tar headers that are not fetched. Then the result is the archive of the index, as
// sound as any, unless its SHA-256 is stated.
func TestHostileIndex(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	to := tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{})
	archive, side := tartest.Read(t, to), tartest.Read(t, to+format.SidecarSuffix)
	accepted := 0
	for at := 512; at < 512+135*44; at += 97 {
		a, s := bytes.Clone(archive), bytes.Clone(side)
		s[at] ^= byte(1 + at%255)
		tartest.Vouch(a, s)
		hostile := tartest.WriteArchive(t, a, s)
		sum := sha256.Sum256(a)
		for _, stated := range []*signature.Hash{nil, &sum} {
			_, x := serve(t, hostile, nil)
			name := copyTo(t, from)
			_, err := pull.Pull(t.Context(), x, name, pull.Options{SHA256: stated})
			switch {
			case err != nil:
				if !bytes.Equal(tartest.Read(t, name), tartest.Read(t, from)) ||
					strings.Contains(err.Error(), "\n") {
					t.Errorf("byte %d: %v", at, err)
				}
			case stated != nil:
				t.Errorf("byte %d: it is not the archive with that SHA-256", at)
			default:
				accepted++
				tartest.WantSound(t, name)
				if !bytes.Equal(tartest.Read(t, name+format.SidecarSuffix), s) {
					t.Errorf("byte %d: the index is another one", at)
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("all were refused: the package comment says otherwise")
	}
}

// Other headers than those that were signed have the same index.
func TestSignedTwin(t *testing.T) {
	one, other := twins(t, tartest.Text("x", 1000))
	signed, err := tartest.Sign(t, one).Open(one)
	if err != nil {
		t.Fatal(err)
	}
	s, a := serve(t, one, &tarpack.OpenOptions{Signed: signed})
	s.content = tartest.Read(t, other)
	name := copyTo(t, other)
	_, err = pull.Pull(t.Context(), a, name, pull.Options{})
	if !errors.Is(err, signature.ErrRefused) ||
		!bytes.Equal(tartest.Read(t, name), tartest.Read(t, other)) {
		t.Errorf("%v", err)
	}
}

// Without a signature, owners that do not show in the index are noticed.
func TestTwin(t *testing.T) {
	one, other := twins(t, tartest.Text("x", 1000))
	for _, names := range [][2]string{{one, other}, {other, one}} {
		_, a := serve(t, names[1], nil)
		name := copyTo(t, names[0])
		if _, err := pull.Pull(t.Context(), a, name, pull.Options{}); err != nil {
			t.Fatal(err)
		}
		wantSame(t, name, names[1])
	}
}

// twins returns two archives of a content with the same index and different owners.
func twins(t *testing.T, content string) (one, other string) {
	t.Helper()
	dir := tartest.Tree(t, [2]string{"a", "1"}, [2]string{"b", content})
	seen := map[string]string{}
	for id := range 512 {
		other = tartest.Pack(t, dir, pack.Options{SHA256: true, Owner: &attributes.Owner{ID: id}})
		side := string(tartest.Read(t, other+format.SidecarSuffix))
		if one = seen[side]; one != "" {
			return one, other
		}
		seen[side] = other
	}
	t.Fatal("no two owners give headers of the same lengths")
	return "", ""
}

// Segments that have the length that they had are copied without sums, too. If one was another one,
// the content is fetched, without a message.
func TestSegmentLengths(t *testing.T) {
	segment := func(seed string) string {
		var b strings.Builder
		for i, noise := 0, tartest.Noise(seed, 1<<19); b.Len() < 1<<20; i += 8 {
			fmt.Fprintf(&b, "a line with %x in it\n", noise[i:i+8])
		}
		return b.String()[:1<<20]
	}
	a, b, c, d := segment("a"), segment("b"), segment("c"), segment("d")
	zeros := strings.Repeat("0", 3<<20)
	from := tartest.Pack(t, tartest.Tree(t, [2]string{"hex", a + b + c}, [2]string{"zeros", zeros}),
		pack.Options{})
	to := tartest.Pack(t, tartest.Tree(t, [2]string{"hex", a + d + c},
		[2]string{"zeros", zeros[:1<<20+1] + "1" + zeros[1<<20+2:]}), pack.Options{})
	_, x := serve(t, to, nil)
	name := copyTo(t, from)
	res, err := pull.Pull(t.Context(), x, name, pull.Options{Notice: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, name, to)
	if res.Fetched > res.ArchiveBytes/2 {
		t.Errorf("%+v", res)
	}
}

// With the SHA-256 that is stated for it, the result is what the server has, also where the index
// does not show a difference. A sum of another archive is a notice.
func TestStatedSum(t *testing.T) {
	from, to := recompressed(t)
	sum, err := tarpack.HashRange(t.Context(), bytes.NewReader(tartest.Read(t, to)), 0,
		int64(len(tartest.Read(t, to))))
	if err != nil {
		t.Fatal(err)
	}
	_, a := serve(t, to, nil)
	name := copyTo(t, from)
	if _, err := pull.Pull(t.Context(), a, name, pull.Options{}); err != nil {
		t.Fatal(err)
	}
	wantSame(t, name, from) // nothing shows that the server has another one
	for _, wrong := range []bool{false, true} {
		_, a := serve(t, to, nil)
		name := copyTo(t, from)
		var notice error
		stated := sum
		if wrong {
			stated[0] ^= 1
		}
		_, err := pull.Pull(t.Context(), a, name, pull.Options{SHA256: &stated,
			Notice: func(err error) { notice = err }})
		if err != nil || errors.Is(notice, pull.ErrSum) != wrong {
			t.Errorf("%v, %v", err, notice)
		}
		wantSame(t, name, to)
	}
}

// Checksums beside an archive that is replaced go with it, unless they are those of the new one.
func TestStaleSums(t *testing.T) {
	o := pack.Options{SHA256: true}
	from, to := tartest.Pack(t, version(t, "1", 1e9), o), tartest.Pack(t, version(t, "2", 1.2e9), o)
	tartest.Sign(t, from)
	tartest.Sign(t, to)
	for what, c := range map[string]struct {
		beside string // whose checksums are there before
		text   string // or what
		stay   bool
	}{
		"of the old archive": {from, "", false}, "of the new archive": {to, "", true},
		"of another program": {"", "d41d8cd98f00b204e9800998ecf8427e  site.tar.gz\n", true},
	} {
		t.Run(what, func(t *testing.T) {
			name := copyTo(t, from)
			for _, suffix := range []string{signature.SumSuffix, signature.SignatureSuffix} {
				b := []byte(c.text)
				if c.beside != "" {
					b = tartest.Read(t, c.beside+suffix)
				}
				tartest.WriteFile(t, name+suffix, b)
			}
			_, a := serve(t, to, nil)
			if _, err := pull.Pull(t.Context(), a, name, pull.Options{}); err != nil {
				t.Fatal(err)
			}
			wantSame(t, name, to)
			for _, suffix := range []string{signature.SumSuffix, signature.SignatureSuffix} {
				if _, err := os.Stat(name + suffix); (err == nil) != c.stay {
					t.Errorf("%s: %v", suffix, err)
				}
			}
		})
	}
}

// recompressed returns two archives with the same index. One content in the middle was compressed
// in another way, to the same length.
func recompressed(t *testing.T) (one, other string) {
	t.Helper()
	list := [][2]string{{"m/tiny", strings.Repeat("1", 40)}}
	for i := range 20 {
		list = append(list, [2]string{fmt.Sprintf("a/%02d", i), tartest.Text(fmt.Sprint(i), 5000)},
			[2]string{fmt.Sprintf("z/%02d", i), tartest.Text(fmt.Sprint(-i), 5000)})
	}
	one = tartest.Pack(t, tartest.Tree(t, list...), pack.Options{})
	a := tartest.Open(t, one)
	i, _, err := a.Index().Lookup("m/tiny")
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.Index().Entry(i)
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.Clone(tartest.Read(t, one))
	// The head of the block, a literal, a match and the end of the block are 3 + 8 + 15 + 7 bits. What
	// follows in the last byte means nothing.
	b[e.ContentOffset()+e.ContentLen-gzmember.MemberTrailerSize-1] ^= 0x80
	other = tartest.WriteArchive(t, b, tartest.Read(t, one+format.SidecarSuffix))
	tartest.WantSound(t, other)
	return one, other
}
