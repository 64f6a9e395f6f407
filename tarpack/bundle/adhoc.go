package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// An ad-hoc signature of macOS has the SHA-256 of each page of the file, and no key. Go's linker
// writes the same: macOS runs a program for arm64 only with one. The structures are those of
// cs_blobs.h in the sources of macOS; all numbers are big-endian.

const (
	adHocName   = "a.out" // as Go's linker has it; it has no meaning
	adHocPage   = 1 << adHocShift
	adHocShift  = 12
	adHocBlob   = 20             // bytes before codeDirectory
	adHocDir    = 13*4 + 4 + 4*8 // bytes of codeDirectory
	adHocHashes = adHocDir + len(adHocName) + 1
	magicBlobs  = 0xfade0cc0 // CSMAGIC_EMBEDDED_SIGNATURE
	magicDir    = 0xfade0c02 // CSMAGIC_CODEDIRECTORY
	dirVersion  = 0x20400
	adHocFlags  = 0x20002 // CS_ADHOC, CS_LINKER_SIGNED: codesign replaces it without --force
	hashSHA256  = 2
	mainBinary  = 1 // CS_EXECSEG_MAIN_BINARY
)

// codeDirectory is CS_CodeDirectory.
type codeDirectory struct {
	Magic, Length, Version, Flags       uint32
	HashOffset, NameOffset              uint32
	SpecialSlots, CodeSlots, CodeLimit  uint32
	HashSize, HashType, Platform, Shift uint8
	Spare, Scatter, Team, Spare3        uint32
	CodeLimit64                         uint64
	TextOffset, TextSize, TextFlags     uint64
}

// adHocSize returns the length of the signature of size bytes.
func adHocSize(size int64) int64 {
	return adHocBlob + int64(adHocHashes) + (size+adHocPage-1)/adHocPage*sha256.Size
}

// adHoc is a writer that takes all bytes of a file before its signature.
type adHoc struct {
	page   hash.Hash
	inPage int
	size   int64
	hashes []byte
}

func newAdHoc() *adHoc { return &adHoc{page: sha256.New()} }

// Write never fails.
func (a *adHoc) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(len(rest), adHocPage-a.inPage)
		a.page.Write(rest[:n])
		if a.inPage += n; a.inPage == adHocPage {
			a.next()
		}
		rest = rest[n:]
	}
	a.size += int64(len(b))
	return len(b), nil
}

// next ends a page.
func (a *adHoc) next() {
	a.hashes = a.page.Sum(a.hashes)
	a.page.Reset()
	a.inPage = 0
}

// signature returns the signature. textOffset and textSize are the place of the segment __TEXT in
// the file.
func (a *adHoc) signature(textOffset, textSize uint64) []byte {
	if a.inPage > 0 {
		a.next()
	}
	dir := codeDirectory{
		Magic: magicDir, Length: uint32(adHocHashes + len(a.hashes)), Version: dirVersion,
		Flags: adHocFlags, HashOffset: uint32(adHocHashes), NameOffset: adHocDir,
		CodeSlots: uint32(len(a.hashes) / sha256.Size), CodeLimit: uint32(a.size),
		HashSize: sha256.Size, HashType: hashSHA256, Shift: adHocShift,
		TextOffset: textOffset, TextSize: textSize, TextFlags: mainBinary,
	}
	var b bytes.Buffer
	for _, n := range []uint32{magicBlobs, adHocBlob + dir.Length, 1, 0, adHocBlob} {
		b.Write(binary.BigEndian.AppendUint32(nil, n))
	}
	_ = binary.Write(&b, binary.BigEndian, &dir) // into memory
	b.WriteString(adHocName + "\x00")
	b.Write(a.hashes)
	return b.Bytes()
}

// isAdHoc reports whether a signature has only a code directory, and the flag that there is no key.
func isAdHoc(b []byte) bool {
	const flagsAt, adHocFlag = adHocBlob + 12, 2
	return len(b) >= adHocBlob+adHocDir && binary.BigEndian.Uint32(b[8:]) == 1 &&
		binary.BigEndian.Uint32(b[flagsAt:])&adHocFlag != 0
}
