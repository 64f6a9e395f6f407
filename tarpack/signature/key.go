package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aead.dev/minisign"
)

// maxKey is more bytes than the file of a key has.
const maxKey = 4 << 10

// PublicKey is a minisign public key. The zero value matches no signature.
type PublicKey struct{ key minisign.PublicKey }

// ID returns the key's number as minisign prints it, in hexadecimal digits. It is only a label.
func (k PublicKey) ID() string { return keyID(k.key.ID()) }

func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// ParsePublicKey reads a public key: the text of a key file, or its second line alone, 56
// characters. The error wraps ErrKey.
func ParsePublicKey(text string) (k PublicKey, err error) {
	if err := k.key.UnmarshalText([]byte(strings.TrimSpace(text))); err != nil {
		return k, fmt.Errorf("%w: %w", ErrKey, bare(err))
	}
	return k, nil
}

// ReadPublicKey is ParsePublicKey for a key itself, or the name of a file that has one.
func ReadPublicKey(keyOrFile string) (PublicKey, error) {
	if k, err := ParsePublicKey(keyOrFile); err == nil {
		return k, nil
	}
	text, err := readShort(keyOrFile, maxKey)
	if err != nil {
		return PublicKey{}, err
	}
	k, err := ParsePublicKey(string(text))
	if err != nil {
		return k, fmt.Errorf("%s: %w", keyOrFile, err)
	}
	return k, nil
}

// SecretKey is a minisign secret key.
type SecretKey struct{ key minisign.PrivateKey }

// ParseSecretKey reads the text of a key file. If the key is encrypted, it calls password. The
// error wraps ErrKey or ErrPassword, or is that of password.
func ParseSecretKey(text []byte, password func() (string, error)) (k SecretKey, err error) {
	text = bytes.TrimSpace(text)
	if !minisign.IsEncrypted(text) {
		if err := k.key.UnmarshalText(text); err != nil {
			return k, fmt.Errorf("%w: %w", ErrKey, bare(err))
		}
		return k, nil
	}
	word, err := password()
	if err != nil {
		return k, err
	}
	if k.key, err = minisign.DecryptKey(word, text); err != nil {
		return k, ErrPassword
	}
	return k, nil
}

// ReadSecretKey is ParseSecretKey for a file.
func ReadSecretKey(name string, password func() (string, error)) (SecretKey, error) {
	text, err := readShort(name, maxKey)
	if err != nil {
		return SecretKey{}, err
	}
	k, err := ParseSecretKey(text, password)
	if err != nil {
		return k, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

// Public returns the public key that belongs to k.
func (k SecretKey) Public() PublicKey {
	public, _ := k.key.Public().(minisign.PublicKey)
	return PublicKey{public}
}

// Sign returns the text of a minisign signature of message, which is the file of this name. Its
// trusted comment has the time and the name, as minisign writes them. The error wraps ErrKey: the
// key contradicts itself.
func (k SecretKey) Sign(message []byte, name string, at time.Time) ([]byte, error) {
	r := minisign.NewReader(bytes.NewReader(message))
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, err
	}
	trusted := fmt.Sprintf("timestamp:%d\tfile:%s\thashed", at.Unix(), filepath.Base(name))
	text := r.SignWithComments(k.key, trusted, "signature from tpk, key "+k.Public().ID())
	if !minisign.Verify(k.Public().key, message, text) {
		return nil, fmt.Errorf("%w: its parts don't belong together", ErrKey)
	}
	return text, nil
}

// bare returns a library's error without the name of the library.
func bare(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "minisign: "))
}

// readShort reads the file of a key, of at most limit bytes. It may be a pipe that the user names.
func readShort(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err == nil && fi.IsDir() {
		return nil, fmt.Errorf("%s: it is a directory", name)
	}
	return readLimited(f, limit)
}

// readLimited reads a file, which may have at most limit bytes.
func readLimited(f *os.File, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: it has more than %d bytes", f.Name(), limit)
	}
	return b, err
}
