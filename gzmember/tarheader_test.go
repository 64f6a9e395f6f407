package gzmember

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"
)

// tarHeaders returns headers of files as in real trees, of one block, or of three with a PAX
// record.
func tarHeaders(t testing.TB, n int) [][]byte {
	rng := rand.New(rand.NewSource(1))
	names := strings.Fields(
		"alloc collections struct index html fn core arch x86_64 simd trait impl Iter std sync " +
			"mutex guard README md src lib rs vendor")
	var all [][]byte
	for i := range n {
		path := "usr/share/doc"
		for len(path) < 30+rng.Intn(60) {
			path += "/" + names[rng.Intn(len(names))] + "." + names[rng.Intn(len(names))]
		}
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: path, Mode: []int64{0o644, 0o644, 0o644, 0o755, 0o444}[rng.Intn(5)],
			Size: int64(rng.ExpFloat64() * 20000), ModTime: time.Unix(1700000000+int64(rng.Intn(3e7)), 0),
			Format: tar.FormatUSTAR,
		}
		if i%50 == 49 {
			h.Format = tar.FormatPAX
			h.Name += "/ü"
		}
		var b bytes.Buffer
		if err := tar.NewWriter(&b).WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		all = append(all, b.Bytes())
	}
	return all
}

// TestTarHeaderSize: headers are as small as with flate at its highest level, and smaller than at
// the others.
func TestTarHeaderSize(t *testing.T) {
	total, ones := 0, 0
	levels := make([]int, flate.BestCompression+1)
	for _, h := range tarHeaders(t, 300) {
		b := AppendTarHeader(nil, h)
		if content, rest := gunzip(t, b); !bytes.Equal(content, h) || len(rest) > 0 {
			t.Fatalf("%q comes out as %q", h, content)
		}
		if len(h) != tarBlock {
			continue
		}
		ones++
		total += len(b)
		for _, level := range []int{1, 6, 9} {
			var out bytes.Buffer
			w, err := flate.NewWriter(&out, level)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(h)
			w.Close()
			levels[level] += HeaderSize + out.Len() + MemberTrailerSize
		}
	}
	mean := func(n int) float64 { return float64(n) / float64(ones) }
	t.Logf("%.2f bytes a header; flate level 1: %.2f, 6: %.2f, 9: %.2f", mean(total),
		mean(levels[1]), mean(levels[6]), mean(levels[9]))
	if total > levels[9]+levels[9]/200 || total > levels[6] || total > levels[1] {
		t.Error("not small enough")
	}
}

// TestTarHeaderBytes: archives must be the same with any version of Go and of the libraries, so
// these bytes must not change between versions without a note in the changelog.
func TestTarHeaderBytes(t *testing.T) {
	h := make([]byte, tarBlock)
	copy(h, "doc/index.html")
	copy(h[100:], "0000644\x000000000\x000000000\x0000000012345\x0014360465026\x00012345\x00 0")
	copy(h[257:], "ustar\x0000")
	const want = "1f8b08000000000000ff" +
		"4bc94fd6cfcc4b49add0cb28c9cd61a009300002331313100d0268b4a191b1892983a189b1998189" +
		"99a9819119035448c180810ea0b4b824b18801e89a91090078d93c2700020000"
	b := AppendTarHeader(nil, h)
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("header is\n%s, want\n%s", got, want)
	}
	if content, _ := gunzip(t, b); !bytes.Equal(content, h) {
		t.Errorf("comes out as %q", content)
	}
}

func TestTarHeaderAnything(t *testing.T) {
	for _, tt := range contents {
		b := AppendTarHeader([]byte("before"), tt.b)[len("before"):]
		if content, rest := gunzip(t, b); !bytes.Equal(content, tt.b) || len(rest) > 0 {
			t.Fatalf("%s: comes out as %d bytes", tt.name, len(content))
		}
	}
	// Runs and repetitions around the window's ends and the limits of a match.
	for _, n := range []int{0, 1, 2, 3, 4, 257, 258, 259, 260, 261, 511, 512, 513, 514, 515, 770,
		1023, 1024, 1025, 2048, 65536} {
		for _, period := range []int{1, 2, 3, 255, 256, 257, 511, 512, 513, 2047, 2048, 2049} {
			content := bytes.Repeat(noise(period), n/period+1)[:n]
			if got, _ := gunzip(t, AppendTarHeader(nil, content)); !bytes.Equal(got, content) {
				t.Fatalf("%d bytes of period %d come out as %d bytes", n, period, len(got))
			}
		}
	}
}

// TestFixedCodes compares the tables of both directions, and these with the RFC's.
func TestFixedCodes(t *testing.T) {
	for n := minMatch; n <= maxMatch; n++ {
		for _, distance := range []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 1024, 1025, 24576, 24577,
			32767, 32768} {
			w := bitWriter{}
			w.match(n, distance)
			if w.n > 31 {
				t.Fatalf("match of %d at %d takes %d bits", n, distance, w.n)
			}
			if want := uint(fixedLength[n-minMatch].n) + uint(distanceCost(int(distance))); w.n != want {
				t.Fatalf("match of %d at %d takes %d bits and costs %d", n, distance, w.n, want)
			}
			d := bitReader{in: w.finish()}
			d.fill()
			_, length, v := d.symbol(fixedTables().lit[:], litBits)
			_, back, v2 := d.symbol(fixedTables().dist[:], distBits)
			if length != n || back != int(distance) || v != proceed || v2 != proceed {
				t.Fatalf("match of %d at %d is read as %d at %d", n, distance, length, back)
			}
		}
	}
	for _, tt := range []struct {
		sym  int
		code string // as in RFC 1951 §3.2.6
	}{
		{0, "00110000"}, {143, "10111111"}, {144, "110010000"}, {255, "111111111"},
		{256, "0000000"}, {279, "0010111"}, {280, "11000000"}, {287, "11000111"},
	} {
		c := fixedSymbol(tt.sym)
		got := ""
		for i := range c.n {
			got += fmt.Sprint(c.bits >> i & 1)
		}
		if got != tt.code {
			t.Errorf("code of %d is %s, want %s", tt.sym, got, tt.code)
		}
	}
}

func BenchmarkAppendTarHeader(b *testing.B) {
	headers := tarHeaders(b, 1000)
	var buf []byte
	total, n := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendTarHeader(buf[:0], headers[n%len(headers)])
		total += len(buf)
		n++
	}
	b.ReportMetric(float64(total)/float64(n), "bytes")
}
