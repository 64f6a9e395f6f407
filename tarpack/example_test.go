package tarpack_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
)

// packExample packs two pages into dir/site.tar.gz and returns the archive's name.
func packExample(dir string) (string, error) {
	site := filepath.Join(dir, "site")
	for path, text := range map[string]string{"index.html": "<h1>hello</h1>\n",
		"docs/guide.html": "<p>guide</p>\n"} {
		name := filepath.Join(site, path)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	name := filepath.Join(dir, "site.tar.gz")
	_, err := pack.Dir(context.Background(), site, name, pack.Options{})
	return name, err
}

// An archive is a file system for package io/fs.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name, err := packExample(dir)
	if err != nil {
		log.Fatal(err)
	}

	a, err := tarpack.Open(context.Background(), name, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	err = fs.WalkDir(a.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		fmt.Println(path)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	page, err := fs.ReadFile(a.FS(), "docs/guide.html")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", page)
	// Output:
	// .
	// docs
	// docs/guide.html
	// index.html
	// <p>guide</p>
}

// An archive may be in memory, for example in an embed.FS, with or without its sidecar.
func ExampleOpenAt() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name, err := packExample(dir)
	if err != nil {
		log.Fatal(err)
	}
	archive, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	index, err := os.ReadFile(name + format.SidecarSuffix)
	if err != nil {
		log.Fatal(err)
	}

	a, err := tarpack.OpenAt(context.Background(), bytes.NewReader(archive), int64(len(archive)),
		bytes.NewReader(index), int64(len(index)), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	page, err := fs.ReadFile(a.FS(), "index.html")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", page)
	// Output:
	// <h1>hello</h1>
}

// Verify checks every byte of an archive and its sidecar.
func ExampleVerify() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name, err := packExample(dir)
	if err != nil {
		log.Fatal(err)
	}

	res, err := tarpack.Verify(context.Background(), name, tarpack.VerifyOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Entries, "entries,", res.Failed, "problems")
	// Output:
	// 3 entries, 0 problems
}
