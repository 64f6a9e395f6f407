package export

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// shuffled returns an archive with the same entries in an order that pack never writes. All
// directories are in one group, the files follow at random, and the rest is in groups of three from
// everywhere in the tree.
func shuffled(t testing.TB, a *tarpack.Archive) *tarpack.Archive {
	t.Helper()
	var dirs, others []format.GroupHeader
	var files []extent
	seen := map[int64]bool{}
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		e := row.Entry
		if e.Type == sidecar.TypeFile {
			files = append(files, extent{e.Offset, e.Offset + e.Length()})
			continue
		}
		if seen[e.Offset] {
			continue
		}
		seen[e.Offset] = true
		headers, err := readGroup(a, e.Offset, e.HeaderLen)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range headers {
			if h.Type == sidecar.TypeDir {
				dirs = append(dirs, h)
			} else {
				others = append(others, h)
			}
		}
	}
	r := rand.New(rand.NewPCG(7, 7))
	r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })

	var out bytes.Buffer
	put := func(headers []format.GroupHeader) {
		g := &rebuiltGroup{locations: map[string]location{}}
		g.addGroup(headers)
		for _, s := range g.spans {
			out.Write(s.Bytes)
		}
	}
	put(dirs)
	for _, f := range files {
		b := make([]byte, f.end-f.off)
		if _, err := a.Source().ReadAt(b, f.off); err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	for len(others) > 0 {
		n := min(3, len(others))
		put(others[:n])
		others = others[n:]
	}
	return finished(t, &out, a.Index().Len())
}

// finished adds a trailer and opens the archive.
func finished(t testing.TB, out *bytes.Buffer, entries int) *tarpack.Archive {
	t.Helper()
	trailer := format.Trailer{Entries: uint64(entries), Offset: int64(out.Len()),
		Features: sidecar.Features{Required: sidecar.Final}}
	body := out.Bytes()
	b := trailer.Append(body[:len(body):len(body)])
	var m build.Memory
	res, err := scan.BuildIndex(context.Background(), bytes.NewReader(b), int64(len(b)), &m,
		scan.Options{})
	if res.Digest == 0 { // its only fault must be the missing digest in the trailer
		t.Fatal(err)
	}
	trailer.Digest = res.Digest
	name := filepath.Join(t.TempDir(), "shuffled.tar.gz")
	for name, b := range map[string][]byte{name: trailer.Append(body[:len(body):len(body)]),
		name + format.SidecarSuffix: m.Bytes()} {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return openArchive(t, name)
}
