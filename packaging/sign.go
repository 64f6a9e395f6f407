package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"aead.dev/minisign"
)

// signFile writes FILE.minisig. The variable MINISIGN_KEY names the file of the secret key, or
// MINISIGN_SECRET_KEY has its text, as in services that build; MINISIGN_PASSWORD decrypts it. If
// publicFile is not empty, the secret key must belong to the public key in it.
func signFile(file, publicFile string, getenv func(string) string) error {
	text, err := secretKey(getenv)
	if err != nil {
		return err
	}
	key, err := parseKey(text, getenv("MINISIGN_PASSWORD"))
	if err != nil {
		return err
	}
	message, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	signature := minisign.SignWithComments(key, message,
		"file:"+filepath.Base(file)+" of tpk", "verify with: minisign -Vm "+filepath.Base(file))
	public, ok := key.Public().(minisign.PublicKey)
	if !ok || !minisign.Verify(public, message, signature) {
		return errors.New("sign: the signature is not valid: the secret key is damaged")
	}
	if publicFile != "" {
		want, err := minisign.PublicKeyFromFile(publicFile)
		if err != nil {
			return fmt.Errorf("sign: the public key in %s: %w", publicFile, err)
		}
		if !want.Equal(public) {
			return fmt.Errorf("sign: the secret key belongs to %s, and the public key in %s is %s",
				public, publicFile, want)
		}
	}
	fmt.Println("signed; the public key is", public)
	return os.WriteFile(file+".minisig", signature, 0o644)
}

// secretKey returns the text of the secret key.
func secretKey(getenv func(string) string) ([]byte, error) {
	if text := getenv("MINISIGN_SECRET_KEY"); text != "" {
		return []byte(text), nil
	}
	if name := getenv("MINISIGN_KEY"); name != "" {
		return os.ReadFile(name)
	}
	return nil, errors.New("sign: set MINISIGN_KEY to a file, or MINISIGN_SECRET_KEY to its text")
}

// parseKey reads a secret key of minisign, with or without a password.
func parseKey(text []byte, password string) (key minisign.PrivateKey, err error) {
	switch {
	case !minisign.IsEncrypted(text):
		err = key.UnmarshalText(text)
	case password == "":
		err = errors.New("it has a password: set MINISIGN_PASSWORD")
	default:
		key, err = minisign.DecryptKey(password, text)
	}
	if err != nil {
		err = fmt.Errorf("sign: the secret key: %w", err)
	}
	return key, err
}
