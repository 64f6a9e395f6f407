package format

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/sidecar"
)

// headers are entries whose header needs something that the others don't.
var headers = map[string]Header{
	"plain": {
		Path:    "a/b.txt",
		Type:    sidecar.TypeFile,
		Mode:    0o644,
		Size:    12,
		ModTime: 1700000000,
	},
	"all mode bits": {Path: "a", Type: sidecar.TypeFile, Mode: 0o7777},
	"directory":     {Path: "a/b", Type: sidecar.TypeDir, Mode: 0o755},
	"hard link":     {Path: "b", Type: sidecar.TypeHardlink, Link: "a/b.txt", Mode: 0o644},
	"symbolic link": {Path: "b", Type: sidecar.TypeSymlink, Link: "../../etc/passwd", Mode: 0o777},
	"FIFO":          {Path: "b", Type: sidecar.TypeFIFO, Mode: 0o600},
	"device": {
		Path:     "b",
		Type:     sidecar.TypeChar,
		Mode:     0o600,
		DevMajor: 1,
		DevMinor: MaxOctal7,
	},
	"owner": {
		Path:  "b",
		Type:  sidecar.TypeFile,
		UID:   1000,
		GID:   100,
		Uname: "jan",
		Gname: "users",
	},
	"large ids":   {Path: "b", Type: sidecar.TypeFile, UID: MaxOwner, GID: MaxOctal7 + 1},
	"8 GiB - 1":   {Path: "b", Type: sidecar.TypeFile, Size: maxOctal11},
	"8 GiB":       {Path: "b", Type: sidecar.TypeFile, Size: maxOctal11 + 1},
	"before 1970": {Path: "b", Type: sidecar.TypeFile, ModTime: -1},
	"after 2242":  {Path: "b", Type: sidecar.TypeFile, ModTime: maxOctal11 + 1},
	"100 bytes":   {Path: strings.Repeat("x", 100), Type: sidecar.TypeFile},
	"101 bytes":   {Path: strings.Repeat("x", 101), Type: sidecar.TypeFile},
	"dir of 100":  {Path: strings.Repeat("x", 100), Type: sidecar.TypeDir},
	"prefix of 155": {
		Path: strings.Repeat("p", 155) + "/" + strings.Repeat("x", 100),
		Type: sidecar.TypeFile,
	},
	"prefix of 156": {
		Path: strings.Repeat("p", 156) + "/" + strings.Repeat("x", 100),
		Type: sidecar.TypeFile,
	},
	"dir with prefix": {
		Path: strings.Repeat("p", 155) + "/" + strings.Repeat("x", 99),
		Type: sidecar.TypeDir,
	},
	"UTF-8":          {Path: "straße/ü", Type: sidecar.TypeFile},
	"long UTF-8":     {Path: strings.Repeat("ü", 120), Type: sidecar.TypeFile},
	"not UTF-8":      {Path: "a/\xff\xfe", Type: sidecar.TypeFile},
	"long not UTF-8": {Path: strings.Repeat("\xff", 200), Type: sidecar.TypeFile, ModTime: -5},
	"gnu with prefix": {
		Path: strings.Repeat("p", 90) + "/" + strings.Repeat("x", 90),
		Type: sidecar.TypeSymlink, Mode: LinkMode,
		Link: strings.Repeat("\xff", 101),
	},
	"link UTF-8":     {Path: "b", Type: sidecar.TypeSymlink, Mode: LinkMode, Link: "ü"},
	"link not UTF-8": {Path: "b", Type: sidecar.TypeSymlink, Mode: LinkMode, Link: "\xff"},
	"long link": {
		Path: "b", Type: sidecar.TypeSymlink, Mode: LinkMode, Link: strings.Repeat("l", 101),
	},
	"512 bytes": {Path: strings.Repeat("y/", 255) + "yy", Type: sidecar.TypeFile},
	"longest": {
		Path: strings.Repeat("y/", 8191) + "yy",
		Type: sidecar.TypeSymlink, Mode: LinkMode,
		Link: strings.Repeat("l", MaxLink),
	},
	"newline in name": {Path: "a\nb=c", Type: sidecar.TypeFile, Size: maxOctal11 + 5},
	"long with spaces": {
		Path: strings.Repeat("a b ", 60),
		Type: sidecar.TypeHardlink,
		Link: strings.Repeat("c d ", 60),
	},
}

// What AppendHeader writes must be read the same by archive/tar, and by ParseHeader.
func TestHeader(t *testing.T) {
	for name, h := range headers {
		t.Run(name, func(t *testing.T) {
			blocks, err := AppendHeader(nil, &h)
			if err != nil {
				t.Fatal(err)
			}
			if len(blocks)%BlockSize != 0 || len(blocks) > MaxHeader {
				t.Errorf("%d bytes of header", len(blocks))
			}
			th, err := tar.NewReader(bytes.NewReader(blocks)).Next()
			if err != nil {
				t.Fatal(err)
			}
			if got, want := strings.TrimSuffix(th.Name, "/"), h.Path; got != want {
				t.Errorf("archive/tar reads the path %q, want %q", got, want)
			}
			if (th.Typeflag == tar.TypeDir) != strings.HasSuffix(th.Name, "/") {
				t.Errorf("slash at the end of %q, type %c", th.Name, th.Typeflag)
			}
			if th.Linkname != h.Link || th.Size != h.Size ||
				!th.ModTime.Equal(time.Unix(h.ModTime, 0)) || th.Mode != int64(h.Mode) ||
				th.Uid != h.UID || th.Gid != h.GID || th.Uname != h.Uname ||
				th.Gname != h.Gname {
				t.Errorf("archive/tar reads %+v", th)
			}
			got, n, err := ParseHeader(append(blocks, blocks...))
			if err != nil {
				t.Fatal(err)
			}
			if got != h || n != len(blocks) {
				t.Errorf("parsed %d of %d bytes to %+v", n, len(blocks), got)
			}
		})
	}
}

// Readers that know no PAX must find names as their raw bytes wherever they fit.
func TestHeaderRawName(t *testing.T) {
	for _, p := range []string{"straße/ü", "a/\xff\xfe", strings.Repeat("ü/", 80) + "ü"} {
		blocks, err := AppendHeader(nil, &Header{Path: p, Type: sidecar.TypeFile})
		if err != nil {
			t.Fatal(err)
		}
		b := blocks[len(blocks)-BlockSize:]
		field := func(b []byte) string { return string(bytes.TrimRight(b, "\x00")) }
		got := field(b[0:100])
		if prefix := field(b[345:500]); prefix != "" {
			got = prefix + "/" + got
		}
		if got != p {
			t.Errorf("ustar fields say %q, want %q", got, p)
		}
	}
}

func TestHeaderRefused(t *testing.T) {
	for name, h := range map[string]Header{
		"no path":        {Type: sidecar.TypeFile},
		"absolute":       {Path: "/a", Type: sidecar.TypeFile},
		"dot dot":        {Path: "a/../b", Type: sidecar.TypeFile},
		"NUL":            {Path: "a\x00b", Type: sidecar.TypeFile},
		"no type":        {Path: "a"},
		"link of a file": {Path: "a", Type: sidecar.TypeFile, Link: "b"},
		"no link":        {Path: "a", Type: sidecar.TypeSymlink, Mode: LinkMode},
		"link with NUL":  {Path: "a", Type: sidecar.TypeSymlink, Mode: LinkMode, Link: "b\x00"},
		"link too long": {
			Path: "a", Type: sidecar.TypeSymlink, Mode: LinkMode, Link: strings.Repeat("l", MaxLink+1),
		},
		"hostile target":  {Path: "a", Type: sidecar.TypeHardlink, Link: "../b"},
		"size of a dir":   {Path: "a", Type: sidecar.TypeDir, Size: 1},
		"negative size":   {Path: "a", Type: sidecar.TypeFile, Size: -1},
		"size too large":  {Path: "a", Type: sidecar.TypeFile, Size: 1 << 48},
		"mode":            {Path: "a", Type: sidecar.TypeFile, Mode: 1 << 12},
		"owner":           {Path: "a", Type: sidecar.TypeFile, UID: -1},
		"no owner":        {Path: "a", Type: sidecar.TypeFile, UID: MaxOwner + 1},
		"no group":        {Path: "a", Type: sidecar.TypeFile, GID: MaxOwner + 1},
		"mode of a link":  {Path: "a", Type: sidecar.TypeSymlink, Link: "b", Mode: 0o755},
		"time":            {Path: "a", Type: sidecar.TypeFile, ModTime: 1 << 39},
		"device":          {Path: "a", Type: sidecar.TypeBlock, DevMajor: MaxOctal7 + 1},
		"name with a NUL": {Path: "a", Type: sidecar.TypeFile, Uname: "a\x00"},
	} {
		if _, err := AppendHeader(nil, &h); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A draft of the format could have any mode for a symbolic link. Only as a draft it is read.
func TestParseDraftHeader(t *testing.T) {
	want := Header{Path: "a", Link: "b", Type: sidecar.TypeSymlink, Mode: LinkMode}
	draft := want
	draft.Mode = 0o755
	blocks := draft.appendBlocks(nil)
	if h, _, err := ParseHeader(blocks); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%+v, %v", h, err)
	}
	if h, n, err := ParseDraftHeader(blocks); err != nil || n != len(blocks) || h != want {
		t.Errorf("%+v, %d, %v", h, n, err)
	}
}

// A header with the same meaning in other bytes is refused.
func TestParseHeaderCanonical(t *testing.T) {
	good, err := AppendHeader(
		nil,
		&Header{Path: "straße", Type: sidecar.TypeFile, Size: 5, ModTime: 1},
	)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= byte(1 + rng.IntN(255))
		if h, _, err := ParseHeader(b); err == nil {
			t.Errorf("byte %d changed: read as %+v", i, h)
		} else if !errors.Is(err, ErrCorrupt) {
			t.Errorf("byte %d changed: %v is not ErrCorrupt", i, err)
		}
	}
	for n := range len(good) - 1 {
		if _, _, err := ParseHeader(good[:n]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// FuzzParseHeader: what is accepted means to archive/tar what it means to us, and is encoded to the
// same bytes.
func FuzzParseHeader(f *testing.F) {
	for _, h := range headers {
		blocks, err := AppendHeader(nil, &h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blocks)
	}
	f.Fuzz(func(t *testing.T, blocks []byte) {
		h, n, err := ParseHeader(blocks)
		if err != nil {
			return
		}
		again, err := AppendHeader(nil, &h)
		if err != nil || !bytes.Equal(again, blocks[:n]) {
			t.Fatalf("%+v encodes to other bytes: %v", h, err)
		}
		r := tar.NewReader(io.MultiReader(bytes.NewReader(blocks[:n])))
		th, err := r.Next()
		if err != nil || strings.TrimSuffix(th.Name, "/") != h.Path || th.Size != h.Size ||
			th.Linkname != h.Link {
			t.Fatalf("archive/tar reads %+v, %v; we %+v", th, err, h)
		}
	})
}
