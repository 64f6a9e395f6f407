package plan

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// ErrInventory means that a file is no S3 inventory in CSV, or has other columns than the schema.
var ErrInventory = errors.New("not an inventory with these columns")

// ErrDamaged means that a compressed inventory is cut off or damaged.
var ErrDamaged = errors.New("the compressed inventory is cut off or damaged")

// DefaultSchema is the Schema of an inventory of current versions with the sizes.
const DefaultSchema = "Bucket, Key, Size"

// InventoryOptions are the options of Inventory. Shards must be set.
type InventoryOptions struct {
	Shards int // see Options
	// Schema has the names of the columns, as fileSchema in the manifest.json of an inventory. ""
	// means DefaultSchema, whatever columns follow. Old versions and delete markers are left out if
	// there are the columns IsLatest and IsDeleteMarker.
	Schema string

	Progress func(format.Progress) // see Options
}

// Inventory is Dir for the objects of one bucket, whose S3 inventory in CSV is in files, each as it
// is or compressed with gzip. The keys are the paths, below the directory where the bucket is
// mounted or copied to. A key that ends with a slash is a directory. The error wraps ErrInventory
// if a line is malformed, and ErrDamaged if a file can't be decompressed. A key that cannot be a
// path, or is also a directory of other keys, is an error.
func Inventory(
	ctx context.Context, files []string, out string, o InventoryOptions,
) (res Result, err error) {
	s, err := parseSchema(o.Schema)
	if err != nil {
		return res, err
	}
	return run(ctx, files[0], out, common{o.Shards, nil, o.Progress},
		func(ctx context.Context, j *job) (err error) {
			v := &inventory{schema: s, collector: j.collector, keys: sorter.New("", budget)}
			defer func() { err = errors.Join(err, v.keys.Close()) }()
			for _, name := range files {
				if err := v.readFile(ctx, name); err != nil {
					return fmt.Errorf("%s: %w", format.Printable(name), err)
				}
			}
			return v.check(ctx)
		})
}

// A schema has the numbers of columns, -1 for one that is not there.
type schema struct{ bucket, key, size, isLatest, isDeleteMarker int }

// CheckSchema returns an error that wraps os.ErrInvalid if a Schema lacks a column that is needed.
func CheckSchema(text string) error {
	_, err := parseSchema(text)
	return err
}

func parseSchema(text string) (schema, error) {
	if text == "" {
		text = DefaultSchema
	}
	columns := strings.Split(text, ",")
	for i, c := range columns {
		columns[i] = strings.ToLower(strings.TrimSpace(c))
	}
	at := func(name string) int { return slices.Index(columns, name) }
	s := schema{at("bucket"), at("key"), at("size"), at("islatest"), at("isdeletemarker")}
	if s.bucket < 0 || s.key < 0 || s.size < 0 {
		return s, fmt.Errorf("%w: the schema %q lacks one of Bucket, Key and Size",
			os.ErrInvalid, text)
	}
	return s, nil
}

// An inventory is one that is read.
type inventory struct {
	schema    schema
	collector *collector
	bucket    string
	keys      *sorter.Sorter // of paths, each with a slash behind it, to their types
}

func (v *inventory) readFile(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return unwrapPath(err)
	}
	defer f.Close()
	var in io.Reader = bufio.NewReaderSize(f, 256<<10)
	if magic, err := in.(*bufio.Reader).Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		in = z
	}
	r := csv.NewReader(&lines{ctx: ctx, r: in})
	r.ReuseRecord, r.FieldsPerRecord = true, -1
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if isDamaged(err) {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if malformed := (*csv.ParseError)(nil); errors.As(err, &malformed) {
			return fmt.Errorf("%w: %w", ErrInventory, err)
		}
		if err != nil {
			return unwrapPath(err)
		}
		if err := v.add(row); err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// isDamaged reports whether err is one of gzip.
func isDamaged(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrHeader) ||
		errors.Is(err, gzip.ErrChecksum) || errors.As(err, new(flate.CorruptInputError))
}

// maxLine is how many bytes a line of an inventory may have. A key has at most 1,024 before they
// are encoded.
const maxLine = 64 << 10

// lines is a reader that fails if a line is too long, as all of a line is in memory, or if ctx is
// canceled.
type lines struct {
	ctx context.Context
	r   io.Reader
	n   int // bytes since the last end of a line
}

func (l *lines) Read(p []byte) (int, error) {
	if l.ctx.Err() != nil {
		return 0, context.Cause(l.ctx)
	}
	n, err := l.r.Read(p)
	if end := bytes.LastIndexByte(p[:n], '\n'); end >= 0 {
		l.n = n - end - 1
	} else {
		l.n += n
	}
	if l.n > maxLine {
		return 0, fmt.Errorf("%w: a line is longer than %d bytes", ErrInventory, maxLine)
	}
	return n, err
}

// unwrapPath returns the cause of an error that has the name of the file as well.
func unwrapPath(err error) error {
	if pe := (*os.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// add adds the object of a line.
func (v *inventory) add(row []string) error {
	s := v.schema
	if n := max(s.bucket, s.key, s.size, s.isLatest, s.isDeleteMarker); len(row) <= n {
		return fmt.Errorf("%w: column %d is missing", ErrInventory, n+1)
	}
	is := func(column int, word string) bool {
		return column >= 0 && strings.EqualFold(row[column], word)
	}
	if is(s.isLatest, "false") || is(s.isDeleteMarker, "true") {
		return nil
	}
	if v.bucket == "" {
		v.bucket = strings.Clone(row[s.bucket])
	} else if v.bucket != row[s.bucket] {
		return fmt.Errorf("%w: it is of the bucket %s, others are of %s", os.ErrInvalid,
			format.Printable(row[s.bucket]), format.Printable(v.bucket))
	}
	key, err := url.QueryUnescape(row[s.key]) // S3 writes a space as +
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInventory, err)
	}
	e := &entry{typ: sidecar.TypeFile}
	e.size, err = strconv.ParseInt(row[s.size], 10, 64)
	if err != nil || e.size < 0 {
		return fmt.Errorf("%w: the size is %q", ErrInventory, row[s.size])
	}
	if p, isDir := strings.CutSuffix(key, "/"); isDir && e.size == 0 {
		e.typ, key = sidecar.TypeDir, p
	}
	if e.path = key; sidecar.ValidPath(key) != nil {
		return fmt.Errorf("%w: the key cannot be a path", sidecar.ValidPath(key))
	}
	name, typ, err := v.keys.Add(len(key)+1, 1)
	if err != nil {
		return err
	}
	name[copy(name, key)] = '/'
	typ[0] = byte(e.typ)
	return v.collector.add(e)
}

// check returns an error if a key is also a directory of other keys: no file system has both.
func (v *inventory) check(ctx context.Context) error {
	it, err := v.keys.Iterate()
	if err != nil {
		return err
	}
	var last []byte
	lastIsFile := false
	for n := 0; ; n++ {
		name, typ, ok, err := it.Next()
		if err == nil && n%4096 == 0 {
			err = context.Cause(ctx)
		}
		if err != nil || !ok {
			return err
		}
		isFile, same := sidecar.Type(typ[0]) == sidecar.TypeFile, bytes.Equal(name, last)
		below := lastIsFile && !same && bytes.HasPrefix(name, last)
		if below || same && isFile != lastIsFile {
			return fmt.Errorf("%s: %w: this key is also a directory, %s",
				format.Printable(string(last[:len(last)-1])), os.ErrInvalid,
				format.Printable(string(name[:max(len(last), len(name)-1)])))
		}
		last, lastIsFile = append(last[:0], name...), isFile
	}
}
