package sidecar_test

import (
	"fmt"
	"log"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// exampleIndex returns the sidecar of an archive with a directory and two files.
func exampleIndex() []byte {
	b := build.New(build.Options{})
	defer b.Close()
	file := sidecar.Entry{
		Type: sidecar.TypeFile, HeaderLen: 140, ContentLen: 900, PadLen: 23,
		Size: 2_500, Coding: coding.Deflate, Mode: 0o644,
	}
	index := file
	index.Offset = 100
	page := file
	page.Offset = index.Offset + index.Length()
	end := page.Offset + page.Length() + 64 // the archive's trailer
	for _, it := range []build.Item{
		{Path: "doc", Entry: sidecar.Entry{Type: sidecar.TypeDir, HeaderLen: 100, Mode: 0o755}},
		{Path: "doc/index.html", Entry: index},
		{Path: "doc/page.html", Entry: page},
	} {
		if err := b.Add(it); err != nil {
			log.Fatal(err)
		}
	}
	var m build.Memory
	if _, _, err := b.Finish(&m, end); err != nil {
		log.Fatal(err)
	}
	return m.Bytes()
}

// Find a file by its path, and the range of the archive that holds its compressed content.
func ExampleIndex_Lookup() {
	x, err := sidecar.OpenBytes(exampleIndex()) // a file: sidecar.Open("doc.tar.gz.tpi")
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()
	i, ok, err := x.Lookup("doc/page.html")
	if err != nil || !ok {
		log.Fatal(ok, err)
	}
	e, err := x.Entry(i)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("entry %d: a %v of %d bytes, %d bytes at %d of the archive\n",
		i, e.Type, e.Size, e.ContentLen, e.ContentOffset())
	// Output: entry 2: a file of 2500 bytes, 900 bytes at 1303 of the archive
}

// List a directory.
func ExampleIndex_Dir() {
	x, err := sidecar.OpenBytes(exampleIndex())
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()
	i, _, err := x.Lookup("doc")
	if err != nil {
		log.Fatal(err)
	}
	for row, err := range x.Dir(i) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %s\n", row.Ordinal, row.Path)
	}
	// Output:
	// 1 doc/index.html
	// 2 doc/page.html
}
