package pack

import (
	"context"
	"io"
	"io/fs"

	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// FS packs the file system fsys into the archive out and its sidecar, as Dir packs a directory. For
// os.DirFS(dir) it writes the same bytes as Dir. Only files with several names differ: an fs.FS
// cannot report them, so they become files with equal content. out cannot be a block device.
//
// Mode and time of each entry are those of its fs.FileInfo; a zero time becomes that of 1970-01-01.
// So the entries of an embed.FS have that time, and the modes 0444 and 0555. Symbolic links are
// packed if fsys is an fs.ReadLinkFS. Whatever else is neither a regular file nor a directory is
// left out with a notice.
//
// Files are read by several goroutines at once. A file over 4 MiB that is no io.ReaderAt is copied
// to a temporary file first.
func FS(ctx context.Context, fsys fs.FS, out string, o FSOptions) (Result, error) {
	dst, err := shardset.CreateArchive(out)
	if err != nil {
		return Result{}, err
	}
	_, packed, err := packInto(ctx, dst, o.packer(), walkFS(fsys))
	if err != nil {
		return Result{}, err
	}
	return newResult(packed), nil
}

// StreamFS packs the file system fsys into w, as FS does. It writes no sidecar, which can be
// rebuilt from the archive. After an error w has received part of an archive.
func StreamFS(ctx context.Context, fsys fs.FS, w io.Writer, o FSOptions) (Result, error) {
	packed, err := packer.Stream{Archive: w}.Pack(ctx, o.packer(), walkFS(fsys))
	return newResult(packed), err
}

func walkFS(fsys fs.FS) walk {
	return func(ctx context.Context, p *packer.Packer) error { return p.WalkFS(ctx, fsys) }
}
