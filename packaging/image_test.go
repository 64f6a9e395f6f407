package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestImage: the layout is valid, and each platform has its own program, which is not run as root.
func TestImage(t *testing.T) {
	r := fakeRelease(t)
	if err := r.image(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	must(t, "tar", "-xf", filepath.Join(r.out, "tpk-1.2.3-rc.1-oci.tar"), "-C", dir)
	outer, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := outer.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatal(manifest, err)
	}
	index, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err = index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 3 {
		t.Fatal(manifest, err)
	}
	for i, arch := range []string{"amd64", "arm64", "riscv64"} {
		d := manifest.Manifests[i]
		if d.Platform == nil || d.Platform.Architecture != arch || d.Platform.OS != "linux" {
			t.Errorf("manifest %d is for %v, want %s", i, d.Platform, arch)
		}
		image, err := index.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, image, arch)
	}
}

// checkImage checks the configuration and the files of one image.
func checkImage(t *testing.T, image v1.Image, arch string) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Architecture != arch || config.Config.User != "65532:65532" {
		t.Errorf("%s: architecture %s, user %s", arch, config.Architecture, config.Config.User)
	}
	files := mutate.Extract(image)
	defer files.Close()
	found := map[string]bool{}
	for in := tar.NewReader(files); ; {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		found[fmt.Sprintf("%s %o %d", h.Name, h.Mode, h.Uid)] = true
		switch {
		case h.Name == "usr/bin/tpk" && string(b) != "binary for linux/"+arch:
			t.Errorf("%s: program %q", arch, b)
		case strings.HasSuffix(h.Name, ".crt"):
			pool := x509.NewCertPool()
			if n := bytes.Count(b, []byte("BEGIN")); !pool.AppendCertsFromPEM(b) || n < 100 {
				t.Errorf("%s: %d certificates", arch, n)
			}
		}
	}
	for _, want := range []string{"usr/bin/tpk 755 0", "tmp 1777 0", "var/cache/tpk 700 65532"} {
		if name, rest, _ := strings.Cut(want, " "); !found[want] && !found[name+"/ "+rest] {
			t.Errorf("%s: no %s in %v", arch, want, found)
		}
	}
}
