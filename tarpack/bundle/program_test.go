package bundle

import (
	"bytes"
	"crypto/sha256"
	"debug/macho"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

func resum(b []byte) []byte { return binary.LittleEndian.AppendUint64(nil, xxhash.Sum64(b)) }

// The mark is in this program once, and says that it is no bundle.
func TestMark(t *testing.T) {
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := tartest.Read(t, name)
	at := findMark(b)
	if at < 0 || b[at] != '0' || Marked() {
		t.Errorf("state at %d", at)
	}
	if findMark(append(b, mark[:]...)) >= 0 {
		t.Error("of two marks one is taken")
	}
}

// Only a tpk is bundled.
func TestReadProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	tartest.WriteFile(t, text, bytes.Repeat([]byte("text"), 100))
	made, _ := made(t, elf(), Options{})
	bundled := filepath.Join(dir, "bundled")
	tartest.WriteFile(t, bundled, made)
	for name, want := range map[string]error{
		self: ErrProgram, text: ErrProgram, dir: ErrProgram, bundled: ErrBundle,
		filepath.Join(dir, "none"): os.ErrNotExist,
	} {
		if _, err := ReadProgram(name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// peImage returns the headers of a program for Windows, signed or not, with the magic number of its
// optional header.
func peImage(magic uint16, signed bool) []byte {
	b := make([]byte, 1024)
	copy(b, "MZ")
	b[peHeaderAt] = 0x80
	copy(b[0x80:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(b[0x80+peOptionalAfter:], magic)
	if signed {
		at := 0x80 + peOptionalAfter + peDirectories64 + 8*peSecurityIndex
		if magic == peMagic32 {
			at -= peDirectories64 - peDirectories32
		}
		binary.LittleEndian.PutUint32(b[at:], 1024)
		binary.LittleEndian.PutUint32(b[at+4:], 100)
		b = append(b, bytes.Repeat([]byte{7}, 100)...)
	}
	return b
}

// The signature of a program for Windows is removed, and one behind the bundle is no damage.
func TestWindowsSignature(t *testing.T) {
	for _, magic := range []uint16{peMagic32, peMagic64} {
		p := &Program{image: peImage(magic, true)}
		if err := p.removeSignature(peProgram); err != nil || !p.Signed {
			t.Fatal(p.Signed, err)
		}
		if !bytes.Equal(p.image, peImage(magic, false)) {
			t.Error("the program is not the one without a signature")
		}
		if err := p.removeSignature(peProgram); err != nil {
			t.Error(err)
		}
	}
	whole, _ := made(t, &Program{image: peImage(peMagic64, false)}, Options{})
	for _, zeros := range []int{0, 7, maxZeros, maxZeros + 1} {
		b := append(slices.Clone(whole), make([]byte, zeros)...)
		at, _, err := peSecurity(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		binary.LittleEndian.PutUint32(b[at:], uint32(len(b)))
		binary.LittleEndian.PutUint32(b[at+4:], 100)
		b = append(b, bytes.Repeat([]byte{7}, 100)...)
		l, err := findIn(b)
		if found := err == nil && l.end == int64(len(whole)); found != (zeros <= maxZeros) {
			t.Errorf("%d zeros: %v", zeros, err)
		}
	}
}

// machoImage returns a program for macOS with a text, strings, and a signature if size is positive.
func machoImage(signature int) []byte {
	const textSize, linkEdit = 16 << 10, 16 << 10
	end := linkEdit + 64
	size := uint64(end + signature - linkEdit)
	segment := func(name string, offset, size uint64) []byte {
		b := make([]byte, 72)
		binary.LittleEndian.PutUint32(b, commandSegment64)
		binary.LittleEndian.PutUint32(b[4:], 72)
		copy(b[atSegmentName:], name)
		binary.LittleEndian.PutUint64(b[atSegmentMemSize:], 16<<10)
		binary.LittleEndian.PutUint64(b[atSegmentOffset:], offset)
		binary.LittleEndian.PutUint64(b[atSegmentFileSize:], size)
		return b
	}
	words := func(n ...uint32) (b []byte) {
		for _, n := range n {
			b = binary.LittleEndian.AppendUint32(b, n)
		}
		return b
	}
	commands := slices.Concat(segment("__TEXT", 0, textSize), segment("__LINKEDIT", linkEdit, size),
		words(commandSymtab, 24, linkEdit, 0, linkEdit, 60))
	count := uint32(3)
	if signature > 0 {
		commands = append(commands, words(commandCodeSignature, 16, uint32(end), uint32(signature))...)
		count++
	}
	b := make([]byte, end+signature)
	copy(b, words(macho.Magic64, 0x0100000c, 0, 2, count, uint32(len(commands)), 0, 0))
	copy(b[machoHeader:], commands)
	return b
}

// A bundle for macOS is its last segment, and has a signature of all pages if the program has one.
func TestMac(t *testing.T) {
	for _, signature := range []int{0, 300} {
		p := &Program{image: machoImage(signature)}
		if err := p.removeSignature(machoProgram); err != nil {
			t.Fatal(err)
		}
		whole, _ := made(t, p, Options{})
		l, err := findIn(whole)
		if err != nil {
			t.Fatal(signature, err)
		}
		f, err := macho.NewFile(bytes.NewReader(whole))
		if err != nil {
			t.Fatal(err)
		}
		last := f.Segment("__LINKEDIT")
		if last.Offset+last.Filesz != uint64(len(whole)) || last.Memsz < last.Filesz {
			t.Errorf("%+v of %d bytes", last.SegmentHeader, len(whole))
		}
		if signature == 0 {
			continue
		}
		sum := newAdHoc()
		if _, err := sum.Write(whole[:l.end]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(whole[l.end:], sum.signature(0, 16<<10)) || !isAdHoc(whole[l.end:]) {
			t.Error("another signature")
		}
		pages := whole[len(whole)-(int(l.end)+adHocPage-1)/adHocPage*sha256.Size:]
		if want := sha256.Sum256(whole[:adHocPage]); !bytes.Equal(pages[:32], want[:]) {
			t.Error("the first page has another sum")
		}
	}
	p := &Program{image: append(machoImage(0), 0)}
	if err := p.removeSignature(machoProgram); !errors.Is(err, ErrProgram) {
		t.Error(err)
	}
}

// Our signature of a program that Go's linker has signed is the linker's.
func TestSignsAsLinker(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for macOS")
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	tartest.WriteFile(t, source, []byte("package main\n\nfunc main() {}\n"))
	cmd := exec.Command("go", "build", "-o", program, source)
	cmd.Env = append(os.Environ(), "GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole := tartest.Read(t, program)
	m, image, err := openMachO(slices.Clone(whole))
	if err != nil {
		t.Fatal(err)
	}
	if n := adHocSize(int64(len(image))); n > int64(m.signature.length()) {
		t.Errorf("%d bytes, the linker's has %d", n, m.signature.length())
	}
	sum := newAdHoc()
	if _, err := sum.Write(image); err != nil {
		t.Fatal(err)
	}
	got := sum.signature(m.text.u64(atSegmentOffset), m.text.u64(atSegmentFileSize))
	if !bytes.HasPrefix(whole[len(image):], got) {
		t.Error("it differs from the linker's")
	}
}
