package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// packageFormats are the packages that each platform of Linux has.
var packageFormats = []string{"deb", "rpm", "apk"}

// description is that of all packages: a line, and paragraphs.
const description = `archives that are served and read as they are
tpk packs a directory into an ordinary .tar.gz, which is laid out so that
the compressed bytes of each file can be read alone, or sent straight from
the archive. It serves such archives over HTTP, with pages for people, and
checks, changes, merges, signs, mounts and exports them.

Other programs read its archives with tar and gzip.`

// linuxPackages writes the packages of each platform of Linux.
func (r *release) linuxPackages(context.Context) error {
	tree := filepath.Join(r.work, "packages")
	if err := r.compressDocuments(tree); err != nil {
		return err
	}
	for _, p := range r.platforms {
		if p.os != "linux" {
			continue
		}
		for _, format := range packageFormats {
			if err := r.linuxPackage(tree, p, format); err != nil {
				return fmt.Errorf("%s, .%s: %w", p, format, err)
			}
		}
	}
	return nil
}

// linuxPackage writes one package under the name that is usual for its format.
func (r *release) linuxPackage(tree string, p platform, format string) error {
	contents, err := r.packageContents(tree, p, format)
	if err != nil {
		return err
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "tpk", Arch: p.arch, Platform: p.os, Version: r.tag, Release: "1",
		Section: "utils", Priority: "optional", Homepage: homepage, License: "MIT",
		Maintainer: "The tpk authors <tpk@users.noreply.github.com>", Description: description,
		MTime:           r.time,
		DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Contents: contents,
			Scripts:  r.scripts(format),
			RPM: nfpm.RPM{
				BuildHost: "localhost", Compression: "zstd",
				Summary: "Archives that are served and read as they are",
			},
			Deb: nfpm.Deb{Compression: "xz"},
		},
	})
	if format == "apk" {
		info.Prerelease = strings.ReplaceAll(info.Prerelease, ".", "") // rc1: Alpine allows no dot
		info.Description, _, _ = strings.Cut(description, "\n")
	}
	if err := nfpm.Validate(info); err != nil {
		return err
	}
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := packager.Package(info, &out); err != nil {
		return err
	}
	return writeFile(filepath.Join(r.out, packager.ConventionalFileName(info)), out.Bytes())
}

// scripts returns the scripts that run when a package comes and goes. Those of Alpine, which has no
// systemd, have nothing to do.
func (r *release) scripts(format string) nfpm.Scripts {
	dir := filepath.Join(r.source, "packaging", format)
	switch format {
	case "deb":
		return nfpm.Scripts{
			PostInstall: filepath.Join(dir, "postinst"), PreRemove: filepath.Join(dir, "prerm"),
			PostRemove: filepath.Join(dir, "postrm"),
		}
	case "rpm":
		return nfpm.Scripts{
			PostInstall: filepath.Join(dir, "post"), PreRemove: filepath.Join(dir, "preun"),
			PostRemove: filepath.Join(dir, "postun"),
		}
	}
	return nfpm.Scripts{}
}

// packageContents returns the files of a package: those of tree, the binary, and for systemd the
// units and their settings, which stay as the administrator has them.
func (r *release) packageContents(tree string, p platform, format string) (files.Contents, error) {
	c := contents{release: r}
	c.add(r.binaries[p], "/usr/bin/tpk", files.TypeFile, 0o755)
	zsh := "/usr/share/zsh/site-functions/_tpk"
	if format == "deb" {
		zsh = "/usr/share/zsh/vendor-completions/_tpk"
		c.file(filepath.Join(tree, "changelog.gz"), "/usr/share/doc/tpk/changelog.Debian.gz")
		c.file(filepath.Join(r.source, "packaging/deb/copyright"), "/usr/share/doc/tpk/copyright")
		c.file(filepath.Join(r.source, "packaging/deb/overrides"), "/usr/share/lintian/overrides/tpk")
	} else {
		c.file(filepath.Join(r.docs(), "LICENSE"), "/usr/share/licenses/tpk/LICENSE")
	}
	c.file(filepath.Join(tree, "THIRD-PARTY-LICENSES.gz"), "/usr/share/doc/tpk/")
	scripts := filepath.Join(r.docs(), "completions")
	c.file(filepath.Join(scripts, "bash/tpk"), "/usr/share/bash-completion/completions/")
	c.file(filepath.Join(scripts, "zsh/_tpk"), zsh)
	c.file(filepath.Join(scripts, "fish/tpk.fish"), "/usr/share/fish/vendor_completions.d/")
	c.glob(filepath.Join(tree, "man1", "*.gz"), "/usr/share/man/man1/")
	if format == "apk" {
		return c.list, c.err
	}
	units := filepath.Join(r.source, "contrib", "systemd")
	for _, kind := range []string{"service", "socket", "timer"} {
		c.glob(filepath.Join(units, "*."+kind), "/usr/lib/systemd/system/")
	}
	keep := files.TypeConfigNoReplace
	c.add(filepath.Join(units, "serve.conf"), "/etc/tpk/serve.conf", keep, 0o644)
	c.add(filepath.Join(units, "logrotate.conf"), "/etc/logrotate.d/tpk", keep, 0o644)
	if format == "rpm" { // only directories of the package are removed with it
		for _, dir := range []string{"/etc/tpk", "/usr/share/doc/tpk", "/usr/share/licenses/tpk"} {
			c.add("", dir, files.TypeDir, 0o755)
		}
	}
	return c.list, c.err
}

// contents collects the files of a package.
type contents struct {
	release *release
	list    files.Contents
	err     error
}

// file adds a file that is read by everybody. A destination that ends with a slash is a directory.
func (c *contents) file(source, destination string) {
	c.add(source, destination, files.TypeFile, 0o644)
}

// glob adds what matches a pattern.
func (c *contents) glob(pattern, dir string) {
	matches, err := filepath.Glob(pattern)
	c.err = errors.Join(c.err, err)
	for _, m := range matches {
		c.file(m, dir)
	}
}

// add adds a file of root with the time of the release.
func (c *contents) add(source, destination, kind string, mode os.FileMode) {
	if strings.HasSuffix(destination, "/") {
		destination = path.Join(destination, filepath.Base(source))
	}
	c.list = append(c.list, &files.Content{
		Source: source, Destination: destination, Type: kind,
		FileInfo: &files.ContentFileInfo{
			Owner: "root", Group: "root", Mode: mode, MTime: c.release.time,
		},
	})
}

// compressDocuments writes the manual pages, the licences of others and Debian's list of changes
// into tree, compressed as packages have them.
func (r *release) compressDocuments(tree string) error {
	pages, err := filepath.Glob(filepath.Join(r.docs(), "man", "man1", "*.1"))
	if err != nil {
		return err
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		err = writeCompressed(filepath.Join(tree, "man1", filepath.Base(page)+".gz"), b)
		if err != nil {
			return err
		}
	}
	b, err := os.ReadFile(filepath.Join(r.docs(), "THIRD-PARTY-LICENSES"))
	if err != nil {
		return err
	}
	if err := writeCompressed(filepath.Join(tree, "THIRD-PARTY-LICENSES.gz"), b); err != nil {
		return err
	}
	// A pre-release sorts before its release: 1.0.0~rc.1.
	log := fmt.Sprintf("tpk (%s-1) stable; urgency=medium\n\n"+
		"  * New version: see %s/blob/%s/CHANGELOG.md\n\n"+
		" -- The tpk authors <tpk@users.noreply.github.com>  %s\n",
		strings.Replace(r.version(), "-", "~", 1), homepage, r.tag,
		r.time.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	return writeCompressed(filepath.Join(tree, "changelog.gz"), []byte(log))
}

// writeCompressed writes content as gzip -9n does: without name and time.
func writeCompressed(file string, content []byte) error {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(content); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return writeFile(file, out.Bytes())
}
