package signature

import "errors"

// What a signature can be refused for. Each error wraps ErrRefused, too, and names the file.
var (
	// ErrRefused: something is not as it was signed, or was not signed.
	ErrRefused = errors.New("refused")
	// ErrUnsigned: there is no signature.
	ErrUnsigned = kind("it is not signed")
	// ErrForged: the signature is none, or the text or the comment was changed after it was signed.
	ErrForged = kind("the signature is wrong")
	// ErrOtherKey: another key has signed it.
	ErrOtherKey = kind("it was signed with another key")
	// ErrOtherArchive: the signature is that of another archive.
	ErrOtherArchive = kind("the signature is that of another archive")
	// ErrOld: it was signed before the earliest time that is allowed.
	ErrOld = kind("an older version was signed")
	// ErrUndated: it was signed at a time that is not known, and there is an earliest one.
	ErrUndated = kind("the signature doesn't tell when it was made")
	// ErrChanged: the archive has other bytes than the one that was signed.
	ErrChanged = kind("it is not the archive that was signed")
	// ErrIndex: the index, or the list of a shard set, is not the one that was signed.
	ErrIndex = kind("the index is not the one that was signed")
	// ErrContent: the content of an entry is not the one that was signed.
	ErrContent = kind("the content is not the one that was signed")
	// ErrHeader: the tar header of an entry contradicts the signed index.
	ErrHeader = kind("the tar header contradicts the signed index")
)

// What is wrong with a key.
var (
	// ErrPublicKey: the text is not the public key of a pair that minisign makes.
	ErrPublicKey = errors.New("it is no minisign public key")
	// ErrSecretKey: the text is not the secret key of a pair that minisign makes.
	ErrSecretKey = errors.New("it is no minisign secret key")
	// ErrPassword: the password does not decrypt the secret key.
	ErrPassword = errors.New("the password is wrong, or the key is damaged")
)

// refusal is one of the errors that come with ErrRefused.
type refusal struct{ text string }

func kind(text string) error { return &refusal{text} }

func (r *refusal) Error() string { return r.text }

// Unwrap returns ErrRefused.
func (r *refusal) Unwrap() error { return ErrRefused }
