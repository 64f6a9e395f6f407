package convert_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
)

// Convert a tar of another program. An entry with a dangerous name is refused.
func ExampleConvert() {
	var in bytes.Buffer
	w := tar.NewWriter(&in)
	for _, name := range []string{"index.html", "../../etc/passwd"} {
		h := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: 7}
		if err := w.WriteHeader(h); err != nil {
			log.Fatal(err)
		}
		if _, err := w.Write([]byte("content")); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	out := filepath.Join(dir, "site.tar.gz")
	res, err := convert.Convert(context.Background(), &in, out, convert.Options{
		Problem: func(p *format.Problem) { fmt.Println(p) },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Entries, "entry,", res.Refused, "refused")
	// Output:
	// ../../etc/passwd: a path with .. in it
	// 1 entry, 1 refused
}
