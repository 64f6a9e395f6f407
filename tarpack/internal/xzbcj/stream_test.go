package xzbcj

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// code returns the content of the golden files: instructions that the filters change, ones that
// they leave, and pairs of RISC-V that look as if they were encoded.
func code() []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b []byte
	put := func(v uint32) { b = binary.LittleEndian.AppendUint32(b, v) }
	pick := func(of ...uint32) uint32 { return of[random.IntN(len(of))] }
	for range 1500 {
		any := random.Uint32()
		switch random.IntN(6) {
		case 0:
			put(0x25<<26 | any>>6) // BL
		case 1:
			put(0x90000000 | any&0x60ffffff)                  // ADRP
			put(0x90000000 | pick(0, 0xff<<16)<<3 | any&0x1f) // one near zero
		case 2:
			put(0xef | pick(0, 1, 2, 5, 10)<<7 | any&^0xfff) // JAL
		case 3:
			rd := pick(0, 1, 2, 5, 31)
			put(0x17 | rd<<7 | any&^0xfff) // AUIPC and a second instruction
			put(3 | pick(rd, rd, 7)<<15 | random.Uint32()&^0xf8003)
		case 4:
			put(0x3117 | any<<14)
		default:
			b = append(b, bytes.Repeat([]byte{byte(any)}, random.IntN(7))...)
		}
	}
	return b
}

// golden are the files in testdata, which were made of code:
//
//	arm64.xz   xz 5.4.1: --arm64 --lzma2
//	blocks.xz  xz 5.4.1: -T2 --block-size=4000 --arm64=start=4096 --lzma2 -C sha256
//	none.xz    xz 5.4.1: --arm64 --lzma2 -C none
//	riscv.xz   7z 26.02: a -txz -mf=RISCV
func golden(t testing.TB) map[string][]byte {
	files := map[string][]byte{}
	for _, name := range []string{"arm64", "blocks", "none", "riscv"} {
		b, err := os.ReadFile(filepath.Join("testdata", name+".xz"))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	return files
}

const maxDict = 64 << 20

func TestGolden(t *testing.T) {
	want := code()
	for name, b := range golden(t) {
		if !Needed(b[:HeadSize]) || Needed(b[:20]) {
			t.Errorf("%s: its filter is not seen", name)
		}
		r := bufio.NewReader(strings.NewReader(string(b) + "rest"))
		got, err := io.ReadAll(NewReader(r, maxDict))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d (%v)", name, len(got), len(want), err)
		}
		if rest, _ := io.ReadAll(r); string(rest) != "rest" {
			t.Errorf("%s: %q is left", name, rest)
		}
		z := NewReader(bufio.NewReader(iotest.OneByteReader(bytes.NewReader(b))), maxDict)
		got, err = io.ReadAll(iotest.OneByteReader(z))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes one by one (%v)", name, len(got), err)
		}
		for n := 0; n < len(b); n += 1 + len(b)/100 {
			z := NewReader(bufio.NewReader(bytes.NewReader(b[:n])), maxDict)
			if _, err := io.ReadAll(z); err != io.ErrUnexpectedEOF {
				t.Errorf("%s: %d bytes of it: %v", name, n, err)
			}
		}
	}
}

// TestFlipped flips bits. No content may come out wrong, apart from one without a check. (The
// library does not notice if LZMA2 data is followed by bytes that it does not need.)
func TestFlipped(t *testing.T) {
	want := code()
	for name, b := range golden(t) {
		for i := 0; i < len(b); i += 1 + i/50 {
			for _, at := range []int{i, len(b) - 1 - i} {
				damaged := slices.Clone(b)
				damaged[at] ^= 1 << (i % 8)
				got, err := io.ReadAll(NewReader(bufio.NewReader(bytes.NewReader(damaged)), maxDict))
				if err == nil && name != "none" && !bytes.Equal(got, want) {
					t.Errorf("%s: byte %d was flipped", name, at)
				}
			}
		}
	}
}

func TestLimits(t *testing.T) {
	b := golden(t)["arm64"]
	_, err := io.ReadAll(NewReader(bufio.NewReader(bytes.NewReader(b)), 1<<20))
	if !errors.Is(err, ErrFilter) {
		t.Errorf("a dictionary of 8 MiB where 1 MiB is allowed: %v", err)
	}
	if Needed([]byte("\xfd7zXZ\x00")) || Needed(nil) || Needed(bytes.Repeat([]byte("x"), HeadSize)) {
		t.Error("needed for nothing")
	}
}

// FuzzReader reads any bytes, with little memory and without a panic.
func FuzzReader(f *testing.F) {
	for _, b := range golden(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		Needed(b)
		z := NewReader(bufio.NewReader(bytes.NewReader(b)), 1<<20)
		if _, err := io.Copy(io.Discard, io.LimitReader(z, 1<<20)); err == io.EOF {
			t.Error("an early end is no error")
		}
	})
}
