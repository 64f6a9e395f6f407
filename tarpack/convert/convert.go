package convert

import (
	"archive/zip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/spool"
)

// Convert makes the archive out from a zip, from a tar, or from a tar compressed by gzip, zstd,
// xz, bzip2, lzma or lz4. It detects the format from the content, and reads all of these that
// follow each other, also with zeros in between. Other bytes behind a tar or a zip are left out
// with a notice, unless they seem to hold an archive: then Convert fails, as behind compressed
// data.
//
// Modes, owners, links and times, to the second, are kept. If a path occurs several times the last
// entry counts. Missing parent directories are created. An entry with a name that leads out of the
// archive, or that breaks another rule of FORMAT.md section 1.1, is refused, and Convert
// continues. If a header of a tar is damaged, Convert reports it and continues at the next one, as
// GNU tar does. Absolute names lose their leading slash, with one notice, as in GNU tar. Sparse
// files become ordinary files. Attributes that a tpk archive does not hold, such as extended
// attributes, are left out with a notice. Deflate streams of a zip are copied if the content has
// at most 4 MiB.
//
// The archive gets the modification time of the input. If the input is not a regular file, it gets
// the time of the newest file in the archive. So edit.Update also reads a file that was changed in
// the second in which the input was made.
//
// The members of tpk archives are copied, also those of drafts of the format, and their duplicates
// are still told from hard links. The sidecar is not read. Damage in a tpk archive is
// format.ErrCorrupt or ErrTruncated.
//
// Other errors wrap ErrNotConvertible, or are those of pack.Dir.
func Convert(ctx context.Context, in io.Reader, out string, o Options) (res Result, err error) {
	problems := &format.Problems{Each: o.Problem}
	c := &converter{o: o, problems: problems}
	if o.DryRun {
		c.temp = filepath.Join(os.TempDir(), filepath.Base(out))
		err := c.read(ctx, in)
		return Result{Entries: c.entries, Refused: problems.Count}, err
	}
	dst, err := shardset.CreateArchive(out)
	if err != nil {
		return Result{}, err
	}
	r := &rewrite.Rewrite{
		Options: o.rewrite(), Base: -1, Choose: rewrite.FirstLayer, Shard: format.IsShardName(out),
	}
	defer func() {
		if !r.Committed {
			err = errors.Join(err, dst.Abort())
		}
	}()
	if err := durable.CheckIndexName(dst.Name); err != nil {
		return Result{}, err
	}
	c.temp = dst.Name
	return c.throughSpool(ctx, in, r, func() (rewrite.Result, error) {
		dst.ModTime = c.modTime()
		return r.Write(ctx, dst)
	})
}

// Stream is Convert for an archive that is written to w, front to back. It writes no sidecar, which
// can be rebuilt from the archive, unless Sidecar takes it or EmbedIndex puts it into the archive.
// Temporary files are in the system's directory. They need as much room as the archive. After an
// error w has received nothing, or part of an archive.
func Stream(
	ctx context.Context, in io.Reader, w io.Writer, o StreamOptions,
) (res Result, err error) {
	c := &converter{o: o.options(), problems: &format.Problems{Each: o.Problem}}
	c.temp = filepath.Join(os.TempDir(), "tpk-"+rand.Text())
	r := &rewrite.Rewrite{
		Options: c.o.rewrite(), Base: -1, Choose: rewrite.FirstLayer, Shard: o.Shard,
	}
	r.Options.EmbedIndex = o.EmbedIndex
	return c.throughSpool(ctx, in, r, func() (rewrite.Result, error) {
		return r.WriteStream(ctx, packer.Stream{Archive: w, Sidecar: o.Sidecar})
	})
}

// throughSpool reads the input into a spool, which it makes the only layer of r, and calls write.
func (c *converter) throughSpool(
	ctx context.Context, in io.Reader, r *rewrite.Rewrite, write func() (rewrite.Result, error),
) (Result, error) {
	s, err := spool.New(c.temp, c.o.SHA256, c.o.Progress, c.problem)
	c.spool = s
	if err != nil {
		return Result{}, err
	}
	defer s.Close()
	if err := c.read(ctx, in); err != nil {
		s.W.Stop()
		return Result{}, errors.Join(err, s.Abort())
	}
	k, err := s.Archive(ctx)
	if err != nil {
		return Result{}, errors.Join(err, s.Abort())
	}
	defer k.Close()
	r.Layers = []rewrite.Layer{{Archive: k}}
	r.Options.Progress = nil
	r.Options.SHA256 = c.o.SHA256 || c.sums
	converted, err := write()
	if err != nil {
		return Result{}, err
	}
	return Result{
		Entries: converted.Kept, Refused: c.problems.Count, Stats: converted.Stats,
		ArchiveBytes: converted.ArchiveBytes, SidecarBytes: converted.SidecarBytes,
	}, nil
}

// A converter reads the input and brings its entries to the spool: those of tpk archives as they
// are, all others through a packer.
type converter struct {
	o        Options
	in       *input
	spool    *spool.Spool    // nil in a dry run
	p        *packer.Packer  // of the current tar or zip; nil in a dry run
	contents *spool.Contents // nil in a dry run
	problems *format.Problems
	entries  int64
	sums     bool              // a tpk archive in the input has SHA-256 sums
	newest   int64             // time of the newest file
	input    time.Time         // of the file that is the input; zero if it is none
	lost     int64             // entries with an attribute that is left out
	owners   tally             // entries of a zip whose owner is out of range
	setIDs   tally             // entries of a zip that lose setuid and setgid bits
	unknown  tally             // entries of a tar with an unknown type
	absolute bool              // a name was absolute
	zip      *io.SectionReader // the current zip
	temp     string            // prefix of the names of temporary files
}

// modTime returns the time for the new archive: the input's, or else the newest file's. A file
// that was changed later is then not older than the archive. So an update reads it even if it has
// the same size and second as its entry.
func (c *converter) modTime() time.Time {
	if !c.input.IsZero() {
		return c.input
	}
	if now := time.Now(); c.newest < now.Unix() {
		return time.Unix(c.newest, 0)
	}
	return time.Time{}
}

// pack runs produce, which submits entries, with a packer that writes them to the spool. In a dry
// run there is no packer.
func (c *converter) pack(ctx context.Context, produce func(context.Context) error) error {
	if c.spool == nil {
		return produce(ctx)
	}
	o := c.o.rewrite().Options
	o.Dedup = format.DedupOff // the rewrite of the whole archive does it
	c.p = packer.NewDry(o)
	c.p.Out, c.p.Entries = c.spool.W, c.spool
	c.contents = spool.NewContents(c.p, c.temp)
	_, err := c.p.Run(ctx, produce, nil)
	return err
}

// noteAbsolute reports the first absolute name.
func (c *converter) noteAbsolute(name string) {
	if strings.HasPrefix(name, "/") && !c.absolute {
		c.absolute = true
		c.notice("the leading / is removed from absolute names, such as %s", format.Printable(name))
	}
}

// noteLosses reports what was left out of entries.
func (c *converter) noteLosses() {
	if c.lost > 0 {
		c.notice("%s extended attributes, access lists or the like, which a tpk archive does not hold",
			count.Of(c.lost, "entry has", "entries have"))
	}
	c.noteTally(c.unknown, "entry of an unknown type becomes a regular file",
		"entries of an unknown type become regular files")
	owner := fmt.Sprintf("an owner over %d", int64(format.MaxOwner))
	c.noteTally(c.owners, "entry with "+owner+" gets the owner 0", "entries with "+owner+
		" get the owner 0")
	const setID = " with a setuid or setgid bit, and without an owner that can be kept,"
	c.noteTally(c.setIDs, "entry"+setID+" loses this bit", "entries"+setID+" lose these bits")
}

// noteTally reports what happens to the entries of t, if there are any.
func (c *converter) noteTally(t tally, one, many string) {
	if t.n > 0 {
		c.notice("%s, such as %s", count.Of(t.n, one, many), format.Printable(t.first))
	}
}

// A tally counts entries and keeps the name of the first.
type tally struct {
	n     int64
	first string
}

func (t *tally) add(name string) {
	if t.n++; t.n == 1 {
		t.first = name
	}
}

// notice reports what the caller should know about the input as a whole.
func (c *converter) notice(message string, args ...any) {
	if c.o.Notice != nil {
		c.o.Notice(fmt.Errorf(message, args...))
	}
}

// refuse reports an entry that is left out.
func (c *converter) refuse(path string, err error) {
	c.problem(&format.Problem{Path: path, Offset: -1, Err: err})
}

// problem reports an entry that is left out.
func (c *converter) problem(p *format.Problem) {
	p.Err = zipEntryError(p.Err) // only entries of a zip are left out as damaged
	c.problems.Add(p)
}

// admit counts an entry, or refuses it, and reports whether to pack it. Nothing is packed in a dry
// run.
func (c *converter) admit(h *format.Header) bool {
	if err := h.Check(); err != nil {
		c.refuse(h.Path, errors.Unwrap(err))
		return false
	}
	c.entries++
	if h.Type == sidecar.TypeFile {
		c.newest = max(c.newest, h.ModTime)
	}
	return c.spool != nil
}

// submit sends an entry to the packer, or refuses it. Content is the content of a file.
func (c *converter) submit(ctx context.Context, h format.Header, content io.Reader) error {
	if !c.admit(&h) {
		return nil
	}
	if h.Type == sidecar.TypeFile {
		it, err := c.take(ctx, h, content)
		if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) ||
			errors.Is(err, zip.ErrAlgorithm) {
			c.refuse(h.Path, err)
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.spool.Announce(&h); err != nil {
			it.Release()
			return err
		}
		return c.p.Submit(ctx, it)
	}
	if err := c.spool.Announce(&h); err != nil {
		if !errors.Is(err, spool.ErrSelf) {
			c.refuse(h.Path, err)
		}
		return nil
	}
	if err := c.p.Submit(ctx, packer.NewGivenItem(h)); err != nil {
		return err
	}
	return c.p.EndDir(ctx) // so that links do not wait for the end of a directory
}

// take reads the content of a file to its end, which verifies its checksum.
func (c *converter) take(
	ctx context.Context, h format.Header, content io.Reader,
) (*packer.Item, error) {
	it, err := c.contents.Item(ctx, h, content)
	if errors.Is(err, spool.ErrLonger) {
		err = zip.ErrFormat
	}
	if ctx.Err() != nil || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) {
		return it, err // submit refuses the entry alone
	}
	return it, damaged(err)
}
