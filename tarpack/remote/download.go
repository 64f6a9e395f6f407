package remote

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Download copies an archive, its sidecar and, with Trust, its checksums and their signature into
// a directory. Of a shard set, which has a URL as for Open, it copies the list and all shards. All
// but the archive or the list may be missing. It returns the name of the file of the archive or the
// list, which ends as the URL does, and the URL for messages. Of the Options it heeds Web, S3,
// Sidecar, Trust, Notice and those of object.Options.
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
	u, _, isSet := o.findSet(ctx, rawURL)
	if !isSet {
		name, shown, err = o.download(ctx, o.filesOf(rawURL, dir))
		if !errors.Is(err, fs.ErrNotExist) {
			return name, shown, err
		}
		var setErr error
		if u, isSet, setErr = o.packedAs(ctx, rawURL); setErr != nil || !isSet {
			return "", "", cmp.Or(setErr, err)
		}
	}
	return o.download(ctx, o.filesOfSet(u, dir))
}

// A fileCopy is a file that is downloaded.
type fileCopy struct {
	url, name string
	first     int64 // bytes that are asked for to see its size
}

// filesOf returns the files of an archive. Only the first one must be there.
func (o *Options) filesOf(rawURL, dir string) []fileCopy {
	name := filepath.Join(dir, baseName(rawURL))
	side := cmp.Or(o.Sidecar, beside(rawURL, format.SidecarSuffix))
	copies := []fileCopy{{rawURL, name, firstIndex}, {side, name + format.SidecarSuffix, firstIndex}}
	if o.Trust != nil {
		for _, suffix := range []string{signature.SumSuffix, signature.SignatureSuffix} {
			copies = append(copies, fileCopy{beside(rawURL, suffix), name + suffix, firstIndex})
		}
	}
	return copies
}

// filesOfSet returns the files of a set. Only the first one must be there.
func (o *Options) filesOfSet(u setURL, dir string) []fileCopy {
	with := *o
	with.Sidecar = "" // it has none elsewhere
	copies := with.filesOf(u.list(), dir)
	local, _ := format.ParseListName(copies[0].name)
	for i := range u.names.N {
		shard, name := u.shard(i), local.Shard(i)
		copies = append(copies, fileCopy{shard, name, format.EndSize},
			fileCopy{beside(shard, format.SidecarSuffix), name + format.SidecarSuffix, format.EndSize})
	}
	return copies
}

// download copies files. They must have been there at the same time.
func (o *Options) download(
	ctx context.Context, copies []fileCopy,
) (name, shown string, err error) {
	var objects []*object.Object
	for i, c := range copies {
		f := o.object(ctx, c.url, c.first)
		if i > 0 && IsMissing(f.err) {
			continue
		}
		if f.err == nil {
			f.err = download(ctx, f.x, c.name)
		}
		if f.err != nil {
			return "", "", f.err
		}
		objects = append(objects, f.x)
	}
	for _, x := range objects {
		if err := x.Check(ctx); err != nil {
			return "", "", err
		}
	}
	return copies[0].name, objects[0].Name(), nil
}

// baseName returns the name of a file for an archive on a server.
func baseName(rawURL string) string {
	name := rawURL
	if u, err := url.Parse(rawURL); err == nil && !isS3(rawURL) {
		name = u.Path
	}
	name = path.Base(name)
	if name == "." || name == ".." || strings.ContainsAny(name, "/\x00") ||
		format.CheckPath(name) != nil {
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
