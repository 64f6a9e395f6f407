package tarpack

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"unicode/utf8"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/symlink"
)

// FS returns the archive as a file system. It also implements fs.ReadDirFS, fs.StatFS,
// fs.ReadFileFS and fs.ReadLinkFS, and its files implement io.ReaderAt, io.Seeker and io.WriterTo.
// It is safe for concurrent use, and only ReadFile loads a file whole.
//
// Symbolic links are followed inside the archive. The target of one that leads out of it, by ".."
// or by an absolute path, does not exist. Hard links are regular files. FileInfo.Sys returns the
// sidecar.Entry.
//
// Package fs requires names in UTF-8. ReadDir leaves out others, which can be reached through
// Index.
func (a *Archive) FS() fs.FS { return &archiveFS{a} }

type archiveFS struct{ a *Archive }

var (
	_ fs.ReadDirFS  = (*archiveFS)(nil)
	_ fs.StatFS     = (*archiveFS)(nil)
	_ fs.ReadFileFS = (*archiveFS)(nil)
	_ fs.ReadLinkFS = (*archiveFS)(nil)
)

// A node is an entry and its path. The root has no entry; its ordinal is sidecar.Root.
type node struct {
	i     int
	path  string
	entry sidecar.Entry
}

var rootNode = node{i: sidecar.Root, entry: sidecar.Entry{Type: sidecar.TypeDir, Mode: 0o555}}

// pathError returns err in the form that package fs requires.
func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// find returns the entry at name. It follows symbolic links, one in the last place only if follow
// is set.
func (f *archiveFS) find(op, name string, follow bool) (node, error) {
	if !fs.ValidPath(name) {
		return node{}, pathError(op, name, fs.ErrInvalid)
	}
	if name == "." {
		return rootNode, nil
	}
	n, ok, err := f.lookup(name)
	if err == nil && (!ok || follow && n.entry.Type == sidecar.TypeSymlink) {
		n, _, err = symlink.ResolveDirect(linkTree{f}, "", name, follow)
	}
	if err != nil {
		return node{}, pathError(op, name, err)
	}
	return n, nil
}

// lookup finds the entry of exactly that path.
func (f *archiveFS) lookup(path string) (n node, ok bool, err error) {
	n = node{path: path}
	n.i, ok, err = f.a.Index().Lookup(path)
	if ok && err == nil {
		n.entry, err = f.a.Index().Entry(n.i)
	}
	return n, ok, err
}

// linkTree is the archive as package symlink sees it.
type linkTree struct{ f *archiveFS }

func (t linkTree) Lookup(path string) (node, symlink.Kind, error) {
	if path == "" {
		return rootNode, symlink.Dir, nil
	}
	n, ok, err := t.f.lookup(path)
	switch {
	case err != nil || !ok:
		return n, symlink.Missing, err
	case n.entry.Type == sidecar.TypeDir:
		return n, symlink.Dir, nil
	case n.entry.Type == sidecar.TypeSymlink:
		return n, symlink.Link, nil
	}
	return n, symlink.Other, nil
}

func (t linkTree) LinkAbove(path string) (string, error) { return t.f.a.Index().LinkAbove(path) }

func (t linkTree) Target(n node) (string, error) { return t.f.a.Index().Link(n.i) }

// Open opens a file or directory.
func (f *archiveFS) Open(name string) (fs.File, error) {
	n, err := f.find("open", name, true)
	if err != nil {
		return nil, err
	}
	info := newFileInfo(name, n.entry)
	if n.entry.Type == sidecar.TypeDir {
		return &openDirectory{fs: f, node: n, name: name, info: info, next: n.i + 1}, nil
	}
	if !info.Mode().IsRegular() {
		return nil, pathError("open", name, fmt.Errorf("%w: it is a %v", fs.ErrInvalid, n.entry.Type))
	}
	c, err := f.a.Content(n.i)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	open := func() (ContentReader, error) { return f.a.open(c, n.i) }
	r, err := open()
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return &openContent{ContentReader: r, open: open, size: c.Size, name: name, info: info}, nil
}

// Stat describes the file that name leads to.
func (f *archiveFS) Stat(name string) (fs.FileInfo, error) {
	n, err := f.find("stat", name, true)
	if err != nil {
		return nil, err
	}
	return newFileInfo(name, n.entry), nil
}

// Lstat describes name itself, even if it is a symbolic link.
func (f *archiveFS) Lstat(name string) (fs.FileInfo, error) {
	n, err := f.find("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return newFileInfo(name, n.entry), nil
}

// ReadLink returns the target of a symbolic link.
func (f *archiveFS) ReadLink(name string) (string, error) {
	n, err := f.find("readlink", name, false)
	if err != nil {
		return "", err
	}
	if n.entry.Type != sidecar.TypeSymlink {
		return "", pathError("readlink", name, fmt.Errorf("%w: it is a %v", fs.ErrInvalid, n.entry.Type))
	}
	text, err := f.a.Index().Link(n.i)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return text, nil
}

// ReadFile returns the content of a file.
func (f *archiveFS) ReadFile(name string) ([]byte, error) {
	n, err := f.find("open", name, true)
	if err != nil {
		return nil, err
	}
	switch n.entry.Type {
	case sidecar.TypeFile, sidecar.TypeHardlink:
	case sidecar.TypeDir:
		return nil, pathError("read", name, fmt.Errorf("%w: it is a directory", fs.ErrInvalid))
	default:
		return nil, pathError("open", name, fmt.Errorf("%w: it is a %v", fs.ErrInvalid, n.entry.Type))
	}
	var c gzmember.Content
	if n.entry.Type == sidecar.TypeFile {
		c, err = format.ContentOfEntry(f.a.index, n.i, &n.entry)
	} else {
		c, err = f.a.Content(n.i)
	}
	var b []byte
	if err == nil {
		b, err = f.a.appendContent([]byte{}, &c, n.i)
	}
	if err != nil {
		return nil, pathError("read", name, err)
	}
	return b, nil
}

// ReadDir lists a directory, in the order of names.
func (f *archiveFS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := f.find("readdir", name, true)
	if err != nil {
		return nil, err
	}
	d := openDirectory{fs: f, node: n, name: name, next: n.i + 1}
	if n.entry.Type != sidecar.TypeDir {
		return nil, pathError("readdir", name, errors.New("not a directory"))
	}
	return d.ReadDir(-1)
}

// nameOf returns the last component of an entry's path, and whether package fs may see it.
func (f *archiveFS) nameOf(i int, scratch []byte) (name string, ok bool, out []byte, err error) {
	out, err = f.a.Index().AppendPath(scratch[:0], i)
	if err != nil {
		return "", false, out, err
	}
	name = string(out[bytes.LastIndexByte(out, '/')+1:])
	return name, utf8.ValidString(name), out, nil
}
