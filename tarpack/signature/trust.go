package signature

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"aead.dev/minisign"

	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/tarpack/format"
)

// Suffixes of the files that are signed and of their signatures.
const (
	SumSuffix       = ".sum"
	SignatureSuffix = SumSuffix + ".minisig"
)

// maxSignature is more bytes than a signature that minisign accepts.
const maxSignature = 16 << 10

// Trust is what is demanded of archives.
type Trust struct {
	Key PublicKey
	// NotBefore is the earliest time at which an archive may have been signed. So a mirror can't
	// bring back an older version. The zero value allows any time.
	NotBefore time.Time
}

// Signed is what the owner of a key has signed of an archive.
type Signed struct {
	Sum
	Name      string    // of the file NAME.sum
	Comment   string    // the trusted comment
	Time      time.Time // in the trusted comment; zero if it has none
	Signature []byte    // text of the file NAME.sum.minisig
}

// CheckSize returns an error that wraps ErrChanged unless an archive, or all shards of a set
// together, have as many bytes as were signed.
func (s *Signed) CheckSize(size int64) error {
	if size != s.Size {
		return fmt.Errorf("%w: its size is %d, not %d", ErrChanged, size, s.Size)
	}
	return nil
}

// Open reads and checks the checksums of the archive or the list of a set of this name, and their
// signature. If the name is a symbolic link, they may lie beside it or beside the file that it
// leads to; they must name the file beside which they lie.
//
// The error wraps ErrRefused and one of the errors that come with it, or it is that of reading.
func (t *Trust) Open(name string) (*Signed, error) {
	for len(name) > 1 && os.IsPathSeparator(name[len(name)-1]) {
		name = name[:len(name)-1]
	}
	s, err := t.open(name)
	if errors.Is(err, ErrUnsigned) {
		if real, realErr := filepath.EvalSymlinks(name); realErr == nil && real != name {
			if _, missing := os.Stat(real + SumSuffix); missing == nil {
				return t.open(real)
			}
		}
		if _, statErr := os.Stat(name); statErr != nil {
			return nil, statErr
		}
	}
	return s, err
}

// open is Open for files beside the name.
func (t *Trust) open(name string) (*Signed, error) {
	text, err := readSigned(name+SumSuffix, maxSum)
	if err != nil {
		return nil, err
	}
	signature, err := readSigned(name+SignatureSuffix, maxSignature)
	if err != nil {
		return nil, err
	}
	return t.Check(name, text, signature)
}

// Check is Open for checksums and a signature that the caller has read.
func (t *Trust) Check(name string, text, signature []byte) (_ *Signed, err error) {
	s := &Signed{Name: name + SumSuffix}
	if s.Comment, err = t.Key.verify(text, signature); err != nil {
		return nil, fmt.Errorf("%s: %w", name+SignatureSuffix, err)
	}
	sum, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	s.Sum, s.Signature = *sum, signature
	if err := s.checkNames(filepath.Base(name)); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	s.Time = commentTime(s.Comment) // whole seconds
	switch {
	case t.NotBefore.IsZero():
	case s.Time.IsZero():
		return nil, fmt.Errorf("%s: %w", name+SignatureSuffix, ErrUndated)
	case s.Time.Before(t.NotBefore.Truncate(time.Second)):
		return nil, fmt.Errorf("%s: %w: at %s, and not since %s", name+SignatureSuffix, ErrOld,
			s.Time.Format(time.RFC3339), t.NotBefore.UTC().Format(time.RFC3339))
	}
	return s, nil
}

// readSigned reads a file beside an archive, which an attacker may have put there.
func readSigned(name string, limit int64) ([]byte, error) {
	f, err := regular.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s: %w: there is no such file", name, ErrUnsigned)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f, limit)
}

// verify checks a signature of text and returns its trusted comment.
func (k PublicKey) verify(text, signature []byte) (comment string, err error) {
	var s minisign.Signature
	if err := s.UnmarshalText(signature); err != nil {
		return "", fmt.Errorf("%w: it is no minisign signature: %w", ErrForged, bare(err))
	}
	if s.KeyID != k.key.ID() {
		return "", fmt.Errorf("%w: %s, not %s", ErrOtherKey, keyID(s.KeyID), k.ID())
	}
	switch {
	case minisign.Verify(k.key, text, signature):
		return s.TrustedComment, nil
	case k.signedComment(&s):
		return "", fmt.Errorf("%w: the checksums were changed, or are of another version", ErrForged)
	}
	return "", fmt.Errorf("%w: its trusted comment was changed, or another key of this number made it",
		ErrForged)
}

// signedComment reports whether the trusted comment is the one that belongs to the signature. It is
// for messages only: the library decides.
func (k PublicKey) signedComment(s *minisign.Signature) bool {
	const head = 10 // algorithm and number of the key
	b, err := base64.StdEncoding.DecodeString(k.key.String())
	if err != nil || len(b) != head+ed25519.PublicKeySize {
		return false
	}
	message := append(s.Signature[:len(s.Signature):len(s.Signature)], s.TrustedComment...)
	return ed25519.Verify(b[head:], message, s.CommentSignature[:])
}

// commentTime returns the time in a trusted comment, "timestamp:" and seconds since 1970, as
// minisign writes it.
func commentTime(comment string) time.Time {
	for _, field := range strings.Fields(comment) {
		if text, ok := strings.CutPrefix(field, "timestamp:"); ok {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				return time.Unix(n, 0).UTC()
			}
		}
	}
	return time.Time{}
}

// checkNames returns an error unless the files of the sum are those of the archive or set whose
// file has the name base.
func (s *Sum) checkNames(base string) error {
	want := []string{base}
	set, isSet := format.ParseListName(base)
	if isSet {
		want = nil
		for i := range set.N {
			want = append(want, set.Shard(i))
		}
	}
	if isSet != (s.List != Hash{}) || len(want) != len(s.Files) {
		return fmt.Errorf("%w: it has %d files, first %q", ErrOtherArchive, len(s.Files),
			s.Files[0].Name)
	}
	for i, f := range s.Files {
		if f.Name != want[i] {
			return fmt.Errorf("%w: that of %q", ErrOtherArchive, f.Name)
		}
	}
	return nil
}
