package convert

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// readTar packs the entries of tars that follow each other. isOver is asked before each
// header whether r goes on with something else.
func (c *converter) readTar(
	ctx context.Context, r io.Reader, isOver overFunc,
) error {
	t := newTarInput(r, isOver, func(at, size int64) {
		c.refuse("", fmt.Errorf("%w at offset %d: it and what follows, up to the next one, "+
			"are left out (%s)", ErrHeaderDamaged, at, count.Of(size, "byte", "bytes")))
	})
	return c.pack(ctx, func(ctx context.Context) error { return c.submitTar(ctx, t) })
}

// submitTar submits the entries of a tar.
func (c *converter) submitTar(ctx context.Context, t *tarInput) error {
	for {
		th, err := t.next()
		for _, err := range t.lostGlobal {
			c.refuse("", err)
		}
		t.lostGlobal = nil
		if err == io.EOF {
			if t.junk.size > 0 {
				const behind = " behind the end of the tar "
				c.notice("%s", count.Of(t.junk.size, "byte"+behind+"is no tar and is left out",
					"bytes"+behind+"are no tar and are left out"))
			}
			if t.cut {
				c.notice("the tar ends in the padding of its last entry and may be incomplete")
			}
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		h, err := headerOfTar(th)
		if t.bad.lostMeta {
			err = fmt.Errorf("%w: it may have another name", ErrHeaderDamaged)
		}
		if err == nil {
			c.noteAbsolute(th.Name)
			if th.Typeflag == tar.TypeLink {
				c.noteAbsolute(th.Linkname)
			}
		}
		if errors.Is(err, errNoEntry) {
			continue
		}
		if err != nil {
			c.refuse(th.Name, err)
			continue
		}
		if _, ok := tarTypes[th.Typeflag]; !ok {
			c.unknown.add(th.Name)
		}
		if holdsMore(th) {
			c.lost++
		}
		c.noteLost(&h, th, t)
		if err := c.submit(ctx, h, t); err != nil {
			return err
		}
	}
}

// noteLost reports what an entry has instead of what can't be read or kept. Without its owner, it
// must not be setuid.
func (c *converter) noteLost(h *format.Header, th *tar.Header, t *tarInput) {
	var instead, lost []string
	for _, f := range t.lost {
		if th.PAXRecords[f.key] != "" {
			continue
		}
		if f.key == "uid" || f.key == "gid" {
			h.Mode &^= format.SetIDs
		}
		instead = append(instead, f.instead)
	}
	if len(instead) > 0 {
		lost = append(lost, fmt.Sprintf("it gets %s, as what is there can't be read",
			strings.Join(instead, ", ")))
	}
	lost = append(lost, mendRanges(h)...)
	if len(t.lostPax) > 0 {
		h.Mode &^= format.SetIDs
		lost = append(lost, t.lostPax...)
	}
	if len(lost) > 0 {
		c.refuse(h.Path, fmt.Errorf("%w: %s", ErrHeaderDamaged, joinLost(lost)))
	}
}

// mendRanges gives an entry an owner and a time that an archive can hold, and returns what it has
// changed.
func mendRanges(h *format.Header) (changed []string) {
	for _, id := range []struct {
		value *int
		what  string
	}{{&h.UID, "owner"}, {&h.GID, "group"}} {
		if *id.value < 0 || int64(*id.value) > format.MaxOwner {
			changed = append(changed,
				fmt.Sprintf("it gets the %s 0, as %d is out of range", id.what, *id.value))
			*id.value = 0
			h.Mode &^= format.SetIDs
		}
	}
	if h.ModTime < -format.MaxTime || h.ModTime >= format.MaxTime {
		changed = append(changed, fmt.Sprintf("it gets %s, as %d is out of range", noTimeText, h.ModTime))
		h.ModTime = noTime
	}
	return changed
}

// errNoEntry: the input's entry does not become an entry of the archive, such as the root
// directory.
var errNoEntry = errors.New("no entry")

// tarTypes maps typeflags to types of entries.
var tarTypes = map[byte]sidecar.Type{
	tar.TypeReg: sidecar.TypeFile, '\x00': sidecar.TypeFile,
	tar.TypeCont: sidecar.TypeFile, tar.TypeGNUSparse: sidecar.TypeFile,
	'D':          sidecar.TypeDir, // in GNU tar's incremental archives
	tar.TypeDir:  sidecar.TypeDir,
	tar.TypeLink: sidecar.TypeHardlink, tar.TypeSymlink: sidecar.TypeSymlink,
	tar.TypeChar: sidecar.TypeChar, tar.TypeBlock: sidecar.TypeBlock, tar.TypeFifo: sidecar.TypeFIFO,
}

// headerOfTar converts a header of archive/tar.
func headerOfTar(th *tar.Header) (format.Header, error) {
	typ, ok := tarTypes[th.Typeflag]
	if !ok {
		typ = sidecar.TypeFile // POSIX pax, "ustar Interchange Format"
	}
	switch {
	case th.Typeflag == 'V': // the label of a volume, of GNU tar
		return format.Header{}, errNoEntry
	case th.Typeflag == 'M', th.Typeflag == 'N': // of GNU tar
		return format.Header{}, errors.New("a part of a file, or names, of GNU tar")
	case typ == sidecar.TypeFile && strings.HasSuffix(th.Name, "/"):
		// As before POSIX.1-1988: GNU tar and libarchive make it a directory, without the content.
		if th.Size > 0 {
			return format.Header{}, errors.New("a directory with content")
		}
		typ = sidecar.TypeDir
	}
	path, err := cleanName(th.Name)
	if err != nil {
		return format.Header{}, err
	}
	if path == "" {
		if typ == sidecar.TypeDir {
			return format.Header{}, errNoEntry
		}
		return format.Header{}, errors.New("a name that is empty")
	}
	h := format.Header{
		Path: path, Type: typ, Mode: uint16(th.Mode & 0o7777), ModTime: th.ModTime.Unix(),
		UID: th.Uid, GID: th.Gid, Uname: th.Uname, Gname: th.Gname,
	}
	switch typ {
	case sidecar.TypeFile:
		h.Size = th.Size
	case sidecar.TypeSymlink:
		h.Link, h.Mode = th.Linkname, format.LinkMode
	case sidecar.TypeHardlink:
		if h.Link, err = cleanName(th.Linkname); err != nil {
			return format.Header{}, fmt.Errorf("hard link to %s: %w", format.Printable(th.Linkname), err)
		}
	case sidecar.TypeChar, sidecar.TypeBlock:
		if min(th.Devmajor, th.Devminor) < 0 || max(th.Devmajor, th.Devminor) > format.MaxOctal7 {
			err := fmt.Errorf("device number %d:%d is out of range", th.Devmajor, th.Devminor)
			return format.Header{}, err
		}
		h.DevMajor, h.DevMinor = uint32(th.Devmajor), uint32(th.Devminor)
	}
	return h, nil
}

// cleanName converts a name in a foreign archive to a path, without a leading slash. It returns ""
// for the root.
func cleanName(name string) (string, error) {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			return "", errors.New("a path with .. in it")
		default:
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "/"), nil
}

// holdsMore reports whether an entry has attributes that a tpk archive does not hold.
func holdsMore(th *tar.Header) bool {
	for key := range th.PAXRecords {
		if strings.HasPrefix(key, "SCHILY.xattr.") || strings.HasPrefix(key, "SCHILY.acl.") ||
			strings.HasPrefix(key, "LIBARCHIVE.xattr.") || strings.HasPrefix(key, "RHT.security.") ||
			key == "SCHILY.fflags" {
			return true
		}
	}
	return false
}
