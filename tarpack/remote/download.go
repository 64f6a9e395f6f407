package remote

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Download copies an archive, its sidecar and, with Trust, its checksums and their signature into a
// directory. All but the archive may be missing. It returns the name of the archive's file, which
// ends as the URL does, and the URL for messages. Of the Options it heeds Web, S3, Sidecar, Trust,
// Notice and those of object.Options.
//
// Errors wrap those of package object, and source.ErrChanged if a file is replaced on the server
// meanwhile.
func Download(
	ctx context.Context, rawURL, dir string, o *Options,
) (name, shown string, err error) {
	o, release, err := o.withDefaults()
	if err != nil {
		return "", "", err
	}
	defer release()
	name = filepath.Join(dir, baseName(rawURL))
	side := o.Sidecar
	if side == "" {
		side = beside(rawURL, format.SidecarSuffix)
	}
	copies := [][2]string{{rawURL, name}, {side, name + format.SidecarSuffix}}
	if o.Trust != nil {
		for _, suffix := range []string{signature.SumSuffix, signature.SignatureSuffix} {
			copies = append(copies, [2]string{beside(rawURL, suffix), name + suffix})
		}
	}
	var objects []*object.Object
	for i, c := range copies {
		f := o.object(ctx, c[0], firstIndex)
		if i > 0 && isMissing(f.err) {
			continue
		}
		if f.err == nil {
			f.err = download(ctx, f.x, c[1])
		}
		if f.err != nil {
			return "", "", f.err
		}
		objects = append(objects, f.x)
	}
	for _, x := range objects { // they must have been there at the same time
		if err := x.Check(ctx); err != nil {
			return "", "", err
		}
	}
	return name, objects[0].Name(), nil
}

// baseName returns the name of a file for an archive on a server.
func baseName(rawURL string) string {
	name := rawURL
	if u, err := url.Parse(rawURL); err == nil && !strings.HasPrefix(rawURL, s3Scheme) {
		name = u.Path
	}
	name = path.Base(name)
	if name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return "archive.tar.gz"
	}
	return name
}

// download copies an object into a new file.
func download(ctx context.Context, x *object.Object, name string) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	const most = 64 << 20 // of one request
	w := bufio.NewWriterSize(f, 1<<20)
	for off := int64(0); off < x.Size(); {
		n := min(most, x.Size()-off)
		body, err := x.Get(ctx, off, n)
		if err != nil {
			return err
		}
		got, err := io.Copy(w, io.LimitReader(body, n))
		body.Close()
		if err == nil && got < n {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		off += n
	}
	return w.Flush()
}
