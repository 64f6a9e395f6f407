package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/text"
)

// suffixes are the ends of the names of a generation's files, in the order in which they get their
// names.
var suffixes = []string{"", format.SidecarSuffix, format.VariantsSuffix, text.Suffix,
	signature.SumSuffix, signature.SignatureSuffix}

// refuseSet returns an error if the name is that of a shard set.
func refuseSet(name string) error {
	if _, isSet, err := tarpack.SetList(name); err == nil && isSet {
		return fmt.Errorf("%s: %w", name, ErrSet)
	}
	return nil
}

// checkSource returns an error if from can't be deployed.
func (p *place) checkSource(from string) error {
	if err := refuseSet(from); err != nil { // first: a set has names that no file has
		return err
	}
	fi, err := os.Stat(from)
	if err != nil {
		return err
	}
	if at, err := os.Stat(p.name); err == nil && os.SameFile(fi, at) {
		return fmt.Errorf("%s: %w", from, ErrSameFile)
	}
	return nil
}

// stage links or copies the files of the archive from into the directory for the new generation. It
// returns the names that are to be removed afterwards.
func (p *place) stage(ctx context.Context, from string) (moved []string, err error) {
	if err := p.makeDir(newDir); err != nil {
		return nil, err
	}
	// What belongs to the archive is beside the file that a symbolic link leads to.
	real, err := filepath.EvalSymlinks(from)
	if err != nil {
		return nil, err
	}
	for _, suffix := range suffixes {
		err := place1(ctx, real+suffix, filepath.Join(p.in(newDir), filepath.Base(p.name)+suffix))
		switch {
		case err == nil:
			if leadsTo(from+suffix, real+suffix) {
				moved = append(moved, from+suffix) // it would lead nowhere
			}
			moved = append(moved, real+suffix)
		case suffix == "" || !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return moved, syncDirs(p.in(newDir), p.dir)
}

// leadsTo reports whether a name is a symbolic link to a file.
func leadsTo(name, file string) bool {
	if !isLink(name) {
		return false
	}
	at, err := os.Stat(name)
	to, err2 := os.Stat(file)
	return err == nil && err2 == nil && os.SameFile(at, to)
}

func isLink(name string) bool {
	fi, err := os.Lstat(name)
	return err == nil && fi.Mode().Type() == fs.ModeSymlink
}

// link links or copies the files of a generation into another directory.
func (p *place) link(ctx context.Context, from, to string) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	for _, suffix := range suffixes {
		name := filepath.Base(p.name) + suffix
		err := place1(ctx, filepath.Join(from, name), filepath.Join(to, name))
		if err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return syncDirs(to, p.dir)
}

// place1 gives a file another name, by a hard link or as a copy, and makes its content durable.
func place1(ctx context.Context, from, to string) error {
	f, err := osfile.OpenFile(from, os.O_RDONLY|osfile.Nonblock, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !fi.Mode().IsRegular():
		return fmt.Errorf("%s: %w", from, ErrNotRegular)
	}
	if isLink(from) || os.Link(from, to) != nil { // a hard link would be one to the symbolic link
		return copyTo(ctx, f, to)
	}
	synced, err := osfile.OpenFile(to, os.O_RDWR, 0) // Windows needs the right to write
	if errors.Is(err, fs.ErrPermission) {
		return f.Sync()
	}
	if err != nil {
		return err
	}
	return errors.Join(synced.Sync(), synced.Close())
}

// copyTo copies an open file, with its permissions.
func copyTo(ctx context.Context, from *os.File, to string) error {
	f, err := osfile.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	const step = 64 << 20 // between two looks at ctx
	for err == nil && ctx.Err() == nil {
		if _, err = io.CopyN(f, from, step); errors.Is(err, io.EOF) {
			return errors.Join(durable.Inherit(f, from), f.Sync(), f.Close())
		}
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	return errors.Join(err, f.Close())
}

// check returns an error if the files of a generation do not belong together.
func (p *place) check(ctx context.Context, dir string, trust *signature.Trust) error {
	return checkArchive(ctx, filepath.Join(dir, filepath.Base(p.name)), trust)
}

// checkArchive returns an error if an archive can't be served, or if something beside it belongs to
// another one.
func checkArchive(ctx context.Context, name string, trust *signature.Trust) error {
	a, err := tarpack.Open(ctx, name, &tarpack.OpenOptions{RequireSidecar: true, Trust: trust,
		LoadIndex: 1}) // so that each section of the index is compared with its hash
	if err != nil {
		return err
	}
	defer a.Close() // opened for reading only
	if a.Unfinished() > 0 {
		return fmt.Errorf("%s: %w", name, format.ErrUnfinished)
	}
	v, err := codings.Open(name+format.VariantsSuffix, codings.Of(a.Index()))
	if err == nil {
		err = v.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	x, err := text.Open(name+text.Suffix, text.BindingOf(a))
	if err == nil {
		err = x.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// inherit gives the staged files the permissions of the current archive, if there is one.
func (p *place) inherit() error {
	old, err := os.Open(p.name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer old.Close()
	for _, suffix := range suffixes {
		f, err := os.Open(filepath.Join(p.in(newDir), filepath.Base(p.name)+suffix))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = errors.Join(durable.Inherit(f, old), f.Close())
		}
		if err != nil && !errors.Is(err, fs.ErrPermission) { // they are another user's
			return err
		}
	}
	return nil
}
