package main

import (
	"os"
	"path/filepath"
	"testing"

	"aead.dev/minisign"
)

// lockedPublic is the public key of testdata/minisign.key.
const lockedPublic = "RWSqLuRbhRqAxQw2pPs5oSXBXVKxqgnLvdq0M2sgKDeOt0z4qZGTabYQ"

// TestSign: the program minisign accepts the signature, whether the key is a file or a text, with a
// password or without; and no signature is written with a key that can't be used. A wrong password
// is tried by test-release.sh, as each try takes seconds and a gigabyte of memory.
func TestSign(t *testing.T) {
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := private.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	locked, err := os.ReadFile("testdata/minisign.key") // made by minisign -G
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	keyFile, publicFile, otherFile := dir+"/key", dir+"/key.pub", dir+"/other.pub"
	put(t, keyFile, string(plain))
	put(t, publicFile, "untrusted comment: minisign public key\n"+public.String()+"\n")
	put(t, otherFile, "untrusted comment: minisign public key\n"+lockedPublic+"\n")
	for _, c := range []struct {
		name   string
		vars   map[string]string
		public string
		good   bool
	}{
		{"file", map[string]string{"MINISIGN_KEY": keyFile}, "", true},
		{"text", map[string]string{"MINISIGN_SECRET_KEY": string(plain)}, "", true},
		{"password", map[string]string{
			"MINISIGN_SECRET_KEY": string(locked), "MINISIGN_PASSWORD": "secret",
		}, "", true},
		{"no password", map[string]string{"MINISIGN_SECRET_KEY": string(locked)}, "", false},
		{"no key", nil, "", false},
		{"no file", map[string]string{"MINISIGN_KEY": keyFile + "x"}, "", false},
		{"known", map[string]string{"MINISIGN_KEY": keyFile}, publicFile, true},
		{"key of others", map[string]string{"MINISIGN_KEY": keyFile}, otherFile, false},
		{"no such public key", map[string]string{"MINISIGN_KEY": keyFile}, dir + "/none", false},
		{"public key is secret", map[string]string{"MINISIGN_KEY": keyFile}, keyFile, false},
		{"public key", map[string]string{"MINISIGN_SECRET_KEY": public.String()}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), sumsFile)
			put(t, file, "0123  a\n")
			err := signFile(file, c.public, func(name string) string { return c.vars[name] })
			if !c.good {
				if _, statErr := os.Stat(file + ".minisig"); err == nil || statErr == nil {
					t.Errorf("error %v, and a signature: %v", err, statErr == nil)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			verifier := public.String()
			if c.name == "password" {
				verifier = lockedPublic
			}
			must(t, "minisign", "-Vm", file, "-P", verifier)
		})
	}
}
