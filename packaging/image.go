package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// imageUser is the numeric user and group of the image, for which nobody has rights anywhere else.
const imageUser = 65532

// image writes the layout of an OCI image for all platforms of Linux, as one .tar: what docker,
// podman and skopeo load. There is no base image: it has tpk, certificates, and two directories
// that can be written to.
func (r *release) image(context.Context) error {
	index := v1.ImageIndex(empty.Index)
	for _, p := range r.platforms {
		if p.os != "linux" {
			continue
		}
		image, err := r.imageFor(p)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.os, Architecture: p.arch}},
		})
	}
	if manifest, err := index.IndexManifest(); err != nil || len(manifest.Manifests) == 0 {
		return err
	}
	dir := filepath.Join(r.work, "image")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	err = path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": r.version(),
	}))
	if err != nil {
		return err
	}
	return r.tarLayout(dir, filepath.Join(r.out, "tpk-"+r.version()+"-oci.tar"))
}

// imageFor returns the image for one platform.
func (r *release) imageFor(p platform) (v1.Image, error) {
	content, err := r.layer(p)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(9))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1),
		types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{
		Layer:   layer,
		History: v1.History{CreatedBy: "make release", Created: v1.Time{Time: r.time}},
	})
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, r.imageConfig(p, image))
}

// imageConfig returns the configuration of image: it runs tpk, as a user without rights, and serves
// on all addresses, as the network of a container is its own.
func (r *release) imageConfig(p platform, image v1.Image) *v1.ConfigFile {
	config, err := image.ConfigFile()
	if err != nil {
		config = &v1.ConfigFile{}
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = p.os, p.arch
	config.Created = v1.Time{Time: r.time}
	config.Config = v1.Config{
		User:         "65532:65532",
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Env: []string{
			"PATH=/usr/bin", "HOME=/tmp", "CACHE_DIRECTORY=/var/cache/tpk", "TPK_LISTEN=:8080",
		},
		Entrypoint: []string{"/usr/bin/tpk"},
		Cmd:        []string{"help"},
		WorkingDir: "/",
		Labels: map[string]string{
			"org.opencontainers.image.title":    "tpk",
			"org.opencontainers.image.version":  r.version(),
			"org.opencontainers.image.revision": r.commit,
			"org.opencontainers.image.source":   homepage,
			"org.opencontainers.image.licenses": "MIT",
			"org.opencontainers.image.created":  r.time.Format(time.RFC3339),
		},
	}
	return config
}

// layer returns the file system of the image, as a tar.
func (r *release) layer(p platform) ([]byte, error) {
	binary, err := os.ReadFile(r.binaries[p])
	if err != nil {
		return nil, err
	}
	doc := "usr/share/doc/tpk/"
	license, err := os.ReadFile(filepath.Join(r.docs(), "LICENSE"))
	if err != nil {
		return nil, err
	}
	others, err := os.ReadFile(filepath.Join(r.docs(), "THIRD-PARTY-LICENSES"))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	t := &tarWriter{Writer: tar.NewWriter(&out), time: r.time}
	for _, dir := range []string{
		"etc/", "etc/ssl/", "etc/ssl/certs/", "srv/", "usr/", "usr/bin/", "usr/share/",
		"usr/share/doc/", doc, "var/", "var/cache/",
	} {
		t.add(tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755}, nil)
	}
	t.add(tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}, nil)
	t.add(tar.Header{Typeflag: tar.TypeDir, Name: "var/cache/tpk/", Mode: 0o700, Uid: imageUser,
		Gid: imageUser}, nil)
	t.file("etc/group", 0o644, []byte("root:x:0:\ntpk:x:65532:\n"))
	t.file("etc/passwd", 0o644, []byte("root:x:0:0:root:/:/nologin\n"+
		"tpk:x:65532:65532:tpk:/tmp:/nologin\n"))
	t.file("etc/ssl/certs/ca-certificates.crt", 0o644, certificates())
	t.file("usr/bin/tpk", 0o755, binary)
	t.file(doc+"LICENSE", 0o644, license)
	t.file(doc+"THIRD-PARTY-LICENSES", 0o644, others)
	return out.Bytes(), t.close()
}

// certificates returns Mozilla's list, of the version in go.mod, without the authorities that are
// trusted with conditions: a file of certificates can't state those.
func certificates() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return out.Bytes()
}

// tarLayout packs the layout in dir, in the order of paths.
func (r *release) tarLayout(dir, file string) error {
	var out bytes.Buffer
	t := &tarWriter{Writer: tar.NewWriter(&out), time: r.time}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			t.add(tar.Header{Typeflag: tar.TypeDir, Name: filepath.ToSlash(name) + "/", Mode: 0o755}, nil)
			return nil
		}
		b, err := os.ReadFile(path)
		t.file(filepath.ToSlash(name), 0o644, b)
		return err
	})
	if err != nil {
		return err
	}
	if err := t.close(); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}
