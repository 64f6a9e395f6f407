package serve_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	tarremote "github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/signature"
)

// forge changes the content of a stored member, so that its CRC-32 stays: the generator polynomial
// divides the difference.
func forge(archive []byte, content int64) {
	for i, b := range []byte{0x41, 0x06, 0x71, 0xdb, 0x01} { // 1 + 0xedb88320<<1
		archive[content+15+100+int64(i)] ^= b
	}
}

// The server of a signed archive sends contents that are forged, with the right CRC-32. The short
// ones are sent by a server without a key, and none of them to its end by one with the key. What is
// right is sent, and kept.
func TestRemoteForged(t *testing.T) {
	site := files{"short": noise(3000), "middle": noise(300_000), "long": noise(3 << 20),
		"good": noise(2 << 20), "text": words(5000)}
	name, trust := packSigned(t, site)
	s := newStorage(t)
	s.local = name
	f := readSigned(t, name)
	for _, path := range []string{"short", "middle", "long"} {
		forge(f.archive, s.member(t, path).ContentOffset())
	}
	for suffix, b := range map[string][]byte{"": f.archive, format.SidecarSuffix: f.index,
		signature.SumSuffix: f.sum, signature.SignatureSuffix: f.signature} {
		s.at["/a.tar.gz"+suffix] = b
	}
	for _, trust := range []*signature.Trust{nil, trust} {
		cache := blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1})
		r := start(t, serve.Options{Trust: trust, Archives: []serve.Archive{{Path: "remote",
			Open: func(ctx context.Context) (*tarpack.Archive, error) {
				return tarremote.Open(ctx, s.URL+"/a.tar.gz", &tarremote.Options{Retries: -1,
					Blocks: cache, Trust: trust})
			}}}})
		for path, want := range site {
			right := path == "good" || path == "text"
			for _, header := range []string{"Accept-Encoding: gzip, identity;q=0",
				"Accept-Encoding: identity", "Accept-Encoding: gzip", "Range: bytes=0-2999"} {
				for range 2 {
					status, body, whole := ask(t, r.url("/"+path), header)
					if strings.HasPrefix(body, "\x1f\x8b") && whole {
						body, _ = inflate(body)
					}
					whole = whole && (status == 200 || status == 206)
					if status == 206 {
						want = want[:3000]
					}
					switch {
					case right && (!whole || body != want):
						t.Errorf("%s, %s: %d, %d bytes, %v", path, header, status, len(body), whole)
					case !right && trust == nil && path != "long" &&
						(!whole || body == want || len(body) != len(want)):
						t.Errorf("%s, %s: no forgery: %d, %d bytes", path, header, status, len(body))
					case !right && trust != nil && whole:
						t.Errorf("%s, %s: forged: %d, %d bytes", path, header, status, len(body))
					}
				}
			}
		}
	}
}
