package remote_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// What was signed is read; anything else is refused.
func testTrust(t *testing.T, s *remotetest.Server) {
	unsigned := &remote.Options{Trust: &signature.Trust{Key: tartest.NewKey(t).Public()}}
	if err := openAndCheck(t, s.Object(), "x", unsigned); !errors.Is(err, signature.ErrUnsigned) {
		t.Error(err)
	}
	for _, embed := range []bool{false, true} {
		name := tartest.Pack(t, tartest.Tree(t, files("x")...),
			pack.Options{SHA256: true, EmbedIndex: embed})
		trust := tartest.Sign(t, name)
		archive := tartest.Read(t, name)
		suffixes := []string{"", signature.SumSuffix, signature.SignatureSuffix}
		if s.Put("/out.tar.gz"+format.SidecarSuffix, nil); !embed {
			suffixes = append(suffixes, format.SidecarSuffix)
		}
		for _, suffix := range suffixes {
			s.Put("/out.tar.gz"+suffix, tartest.Read(t, name+suffix))
			s.Put("/other name.tar.gz"+suffix, tartest.Read(t, name+suffix))
		}
		url := s.URL + "/out.tar.gz"
		o := &remote.Options{Trust: trust, Blocks: newCache(t.TempDir())}
		if err := openAndCheck(t, url, "x", o); err != nil {
			t.Error(err)
		}
		err := openAndCheck(t, s.URL+"/other%20name.tar.gz", "x", o)
		if !errors.Is(err, signature.ErrOtherArchive) {
			t.Error(err)
		}
		key := &signature.Trust{Key: tartest.NewKey(t).Public()}
		if err := openAndCheck(t, url, "x", &remote.Options{Trust: key}); !errors.Is(err,
			signature.ErrRefused) {
			t.Error(err)
		}
		// Each byte that is wrong, always, is found.
		for _, suffix := range suffixes {
			s.Do(func(_ int, r *http.Request) remotetest.Fault {
				if r.URL.Path == "/out.tar.gz"+suffix {
					return remotetest.Flip
				}
				return nil
			})
			if err := openAndCheck(t, url, "x", &remote.Options{Trust: trust}); err == nil {
				t.Errorf("%q is damaged", suffix)
			}
			s.Do(nil)
		}
		// An archive that is replaced by another one, which is not signed.
		s.Put("/out.tar.gz", append(archive[:len(archive):len(archive)], 0))
		if err := openAndCheck(t, url, "x", o); err == nil || errors.Is(err, source.ErrUnavailable) {
			t.Error(err)
		}
	}
}
