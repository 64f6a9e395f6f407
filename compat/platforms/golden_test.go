package platforms

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/pack"
)

// A source is a file of the tree, in the order in which tar and zip have them.
type source struct {
	name, link string
	mode       fs.FileMode
	data       []byte
}

// tree returns files of all kinds: empty, short, long enough for segments, incompressible, equal,
// with long names and other characters in them, and links.
func tree() []source {
	random := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 300_000)
	_, _ = random.Read(noise) // it never fails
	var words bytes.Buffer
	for words.Len() < 2_500_000 {
		fmt.Fprintf(&words, "%d lines of <b>text</b> %x\n", random.Uint64()%999, random.Uint64()%7919)
	}
	long := strings.Repeat("long/", 30) + strings.Repeat("n", 120)
	return []source{
		{name: "index.html", mode: 0o644, data: words.Bytes()[:40_000]},
		{name: "copy.html", mode: 0o644, data: words.Bytes()[:40_000]},
		{name: "empty", mode: 0o600},
		{name: "run.sh", mode: 0o755, data: []byte("#!/bin/sh\n")},
		{name: "noise.bin", mode: 0o444, data: noise},
		{name: "words.txt", mode: 0o644, data: words.Bytes()},
		{name: "zeroes", mode: 0o644, data: make([]byte, 1<<20+1)},
		{name: "\u00fcber/\u65e5\u672c", mode: 0o644, data: []byte("unicode\n")},
		{name: long, mode: 0o644, data: []byte("a long name\n")},
		{name: "sub/link", link: "../index.html", mode: 0o777},
	}
}

var when = time.Unix(1_700_000_000, 0)

// golden are the SHA-256 of archives and their indexes. They change only if the compressor does, or
// the layout of archives: then the failing test shows the new ones.
// Those of an fs.FS have the index in the archive.
var golden = map[string][2]string{
	"fs, level 1": {
		"b2786879158ff6ac6031cdff7b804cd267052ecf9ef91947d39d7478bc97802d", none},
	"fs, level 6": {
		"97b6ead08c3e00873f0c446dccf7c3bc4ec4704c0167b04773e7b4ea492f5990", none},
	"fs, level 9": {
		"361ecb55f35b41d5bbdcd7a6e93c777c2312406a2c77866662882cabbea6dbe8", none},
	"tar": {
		"e29be07eddf080142b7bbc1651e42e446cb5f8d54dbcd24888509f5eec1f215e",
		"91796a91ab2dadd0b661965c7256f5e12d322882cc428c5c962f34fd136e3e08"},
	"zip": {
		"e29be07eddf080142b7bbc1651e42e446cb5f8d54dbcd24888509f5eec1f215e",
		"91796a91ab2dadd0b661965c7256f5e12d322882cc428c5c962f34fd136e3e08"},
}

const none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // of no bytes

// check compares what write has written with its golden sums.
func check(t *testing.T, name string, write func(archive, index io.Writer) error) {
	t.Helper()
	archive, index := sha256.New(), sha256.New()
	if err := write(archive, index); err != nil {
		t.Fatal(err)
	}
	got := [2]string{fmt.Sprintf("%x", archive.Sum(nil)), fmt.Sprintf("%x", index.Sum(nil))}
	if want := golden[name]; got != want {
		t.Errorf("%q: {\n%q,\n%q},", name, got[0], got[1])
	}
}

func TestFS(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, s := range tree() {
		f := &fstest.MapFile{Data: s.data, Mode: s.mode, ModTime: when}
		if s.link != "" {
			f.Data, f.Mode = []byte(s.link), s.mode|fs.ModeSymlink
		}
		fsys[s.name] = f
	}
	for _, level := range []int{1, 6, 9} {
		check(t, fmt.Sprintf("fs, level %d", level), func(archive, _ io.Writer) error {
			o := pack.FSOptions{Level: level, Workers: 2, SHA256: true, EmbedIndex: true}
			_, err := pack.StreamFS(t.Context(), fsys, archive, o)
			return err
		})
	}
}

func TestTar(t *testing.T) {
	var in bytes.Buffer
	w := tar.NewWriter(&in)
	for _, s := range tree() {
		h := &tar.Header{Name: s.name, Mode: int64(s.mode), Size: int64(len(s.data)), ModTime: when,
			Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if s.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, s.link
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(s.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	checkConverted(t, "tar", in.Bytes())
}

func TestZip(t *testing.T) {
	var in bytes.Buffer
	w := zip.NewWriter(&in)
	for _, s := range tree() {
		h := &zip.FileHeader{Name: s.name, Method: zip.Store, Modified: when.UTC()}
		h.SetMode(s.mode)
		data := s.data
		if s.link != "" {
			h.SetMode(s.mode | fs.ModeSymlink)
			data = []byte(s.link)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	checkConverted(t, "zip", in.Bytes())
}

func checkConverted(t *testing.T, name string, in []byte) {
	t.Helper()
	check(t, name, func(archive, index io.Writer) error {
		o := convert.StreamOptions{Workers: 2, Sidecar: index}
		_, err := convert.Stream(t.Context(), bytes.NewReader(in), archive, o)
		return err
	})
}
