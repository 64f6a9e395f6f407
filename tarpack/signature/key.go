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
// characters. The error wraps ErrPublicKey.
func ParsePublicKey(text string) (k PublicKey, err error) {
	text = strings.TrimSpace(text)
	if err := k.key.UnmarshalText([]byte(text)); err != nil {
		if secret := new(minisign.PrivateKey); minisign.IsEncrypted([]byte(text)) ||
			secret.UnmarshalText([]byte(text)) == nil {
			return k, fmt.Errorf("%w: it is the secret key, which stays with its owner", ErrPublicKey)
		}
		return k, fmt.Errorf("%w: %w", ErrPublicKey, bare(err))
	}
	return k, nil
}

// ReadPublicKey is ParsePublicKey for a key itself, or the name of a file that has one.
func ReadPublicKey(keyOrFile string) (PublicKey, error) {
	if k, err := ParsePublicKey(keyOrFile); err == nil {
		return k, nil
	}
	text, err := readKey(keyOrFile, ErrPublicKey)
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
// error wraps ErrSecretKey or ErrPassword, or is that of password.
func ParseSecretKey(text []byte, password func() (string, error)) (k SecretKey, err error) {
	text = bytes.TrimSpace(text)
	if !minisign.IsEncrypted(text) {
		if err := k.key.UnmarshalText(text); err != nil {
			if _, public := ParsePublicKey(string(text)); public == nil {
				err = errors.New("it is a public key")
			}
			return k, fmt.Errorf("%w: %w", ErrSecretKey, bare(err))
		}
		return k, k.check()
	}
	word, err := password()
	if err != nil {
		return k, err
	}
	if k.key, err = minisign.DecryptKey(word, text); err != nil {
		return k, ErrPassword
	}
	return k, k.check()
}

// check returns an error that wraps ErrSecretKey if the key contradicts itself, so that nobody
// could verify what it signs.
func (k SecretKey) check() error {
	if !minisign.Verify(k.Public().key, nil, minisign.Sign(k.key, nil)) {
		return fmt.Errorf("%w: its parts don't belong together", ErrSecretKey)
	}
	return nil
}

// ReadSecretKey is ParseSecretKey for a file.
func ReadSecretKey(name string, password func() (string, error)) (SecretKey, error) {
	text, err := readKey(name, ErrSecretKey)
	if err != nil {
		return SecretKey{}, err
	}
	k, err := ParseSecretKey(text, password)
	if errors.Is(err, ErrSecretKey) || errors.Is(err, ErrPassword) {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return k, err
}

// Public returns the public key that belongs to k.
func (k SecretKey) Public() PublicKey {
	public, _ := k.key.Public().(minisign.PublicKey)
	return PublicKey{public}
}

// Sign returns the text of a minisign signature of message, which is the file of this name. Its
// trusted comment has the time and the name, as minisign writes them.
func (k SecretKey) Sign(message []byte, name string, at time.Time) ([]byte, error) {
	r := minisign.NewReader(bytes.NewReader(message))
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, err
	}
	trusted := fmt.Sprintf("timestamp:%d\tfile:%s\thashed", at.Unix(), filepath.Base(name))
	return r.SignWithComments(k.key, trusted, "signature from tpk, key "+k.Public().ID()), nil
}

// bare returns a library's error without the name of the library.
func bare(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "minisign: "))
}

// readKey reads the file of a key. The error wraps kind if it is too long for one.
func readKey(name string, kind error) ([]byte, error) {
	text, err := readShort(name, maxKey)
	if errors.Is(err, errLong) {
		err = fmt.Errorf("%s: %w: it has more than %d bytes", name, kind, maxKey)
	}
	return text, err
}

// errLong: a file has more bytes than what it should contain could have.
var errLong = errors.New("the file is too long")

// readShort reads the file of a key, of at most limit bytes. It may be a pipe that the user names.
// The error wraps errLong if it has more.
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
		err = fmt.Errorf("%s: %w: it has more than %d bytes", f.Name(), errLong, limit)
	}
	return b, err
}
