package lookup

import (
	"bufio"
	"database/sql"
	"errors"
	"io"
	"os"
	"time"

	"github.com/blevesearch/vellum"
	"github.com/containerd/stargz-snapshotter/estargz"
	_ "modernc.org/sqlite" // the driver

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// A finder is an open index.
type finder interface {
	find(path string) (bool, error)
	close() error
}

// A structure is a kind of index. If it has no build, open makes it in memory.
type structure struct {
	build          func(name string, n int) error
	open           func(name string, n int) (finder, error)
	most, mostHuge int // most entries, in a normal and in a huge run
	once           int // number of entries from which one run is enough
}

const always = 1 << 62

var kinds = []string{"tpk", "vellum", "map", "sqlite", "estargz-json"}

var structures = map[string]structure{
	"tpk":          {buildSidecar, openSidecar, always, always, always},
	"vellum":       {buildVellum, openVellum, 10_000_000, 10_000_000, always},
	"map":          {nil, openMap, 10_000_000, 10_000_000, 10_000_000},
	"sqlite":       {buildSQLite, openSQLite, 1_000_000, 10_000_000, always},
	"estargz-json": {buildJSON, openJSON, 1_000_000, 1_000_000, 1_000_000},
}

type sidecarIndex struct{ *sidecar.Index }

func (x sidecarIndex) find(path string) (bool, error) {
	_, ok, err := x.Lookup(path)
	return ok, err
}
func (x sidecarIndex) close() error { return x.Close() }

func openSidecar(name string, _ int) (finder, error) {
	x, err := sidecar.Open(name)
	return sidecarIndex{x}, err
}

func buildSidecar(name string, n int) error {
	b := build.New(build.Options{Memory: 1 << 30})
	defer b.Close()
	offset := int64(0)
	add := func(it build.Item) error {
		it.Offset, it.HeaderLen, it.Mode, it.ModTime = offset, 143, 0o644, 1_700_000_000
		offset += it.Length()
		return b.Add(it)
	}
	dir := func(path string) error {
		return add(build.Item{Path: path, Entry: sidecar.Entry{Type: sidecar.TypeDir}})
	}
	for _, path := range []string{"share", "share/doc", "share/doc/html"} {
		if err := dir(path); err != nil {
			return err
		}
	}
	for i := range n {
		if i%2000 == 0 {
			above := directory(i / 100)
			if err := dir(above[:len(above)-len("/module-00")]); err != nil {
				return err
			}
		}
		if i%100 == 0 {
			if err := dir(directory(i / 100)); err != nil {
				return err
			}
		}
		if err := add(build.Item{Path: path(i), Entry: sidecar.Entry{
			Type: sidecar.TypeFile, ContentLen: 2000, PadLen: 23, Size: 6001, Coding: coding.Deflate,
			Hash: uint64(i), CRC: uint32(i), Sniff: sidecar.SniffContent([]byte("<!doctype html>")),
		}}); err != nil {
			return err
		}
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, _, err := b.Finish(f, offset+64); err != nil {
		return err
	}
	return f.Close()
}

type vellumIndex struct {
	fst *vellum.FST
	r   *vellum.Reader
	key []byte
}

func (x *vellumIndex) find(path string) (bool, error) {
	x.key = append(x.key[:0], path...)
	_, ok, err := x.r.Get(x.key)
	return ok, err
}
func (x *vellumIndex) close() error { return x.fst.Close() }

func openVellum(name string, _ int) (finder, error) {
	fst, err := vellum.Open(name)
	if err != nil {
		return nil, err
	}
	r, err := fst.Reader()
	return &vellumIndex{fst: fst, r: r}, err
}

func buildVellum(name string, n int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	b, err := vellum.New(w, nil)
	if err != nil {
		return err
	}
	offset := uint64(0)
	for p := range sorted(n) {
		if err := b.Insert([]byte(p), offset); err != nil {
			return err
		}
		offset += 2166
	}
	if err := b.Close(); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

type mapIndex map[string]uint64

func (x mapIndex) find(path string) (bool, error) {
	_, ok := x[path]
	return ok, nil
}
func (x mapIndex) close() error { return nil }

func openMap(_ string, n int) (finder, error) {
	x := mapIndex{}
	for p := range sorted(n) {
		x[p] = uint64(len(x)) * 2166
	}
	return x, nil
}

type sqliteIndex struct {
	db     *sql.DB
	lookup *sql.Stmt
}

func (x sqliteIndex) find(path string) (bool, error) {
	var offset int64
	err := x.lookup.QueryRow(path).Scan(&offset)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
func (x sqliteIndex) close() error { return errors.Join(x.lookup.Close(), x.db.Close()) }

func openSQLite(name string, _ int) (finder, error) {
	db, err := sql.Open("sqlite", "file:"+name+"?mode=ro&immutable=1&_pragma=mmap_size(10000000000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	lookup, err := db.Prepare("SELECT offset FROM entries WHERE path = ?")
	return sqliteIndex{db, lookup}, err
}

func buildSQLite(name string, n int) error {
	db, err := sql.Open("sqlite", "file:"+name+"?_pragma=journal_mode(off)&_pragma=synchronous(off)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE entries (path TEXT PRIMARY KEY, offset INTEGER, length " +
		"INTEGER, size INTEGER, mtime INTEGER, hash INTEGER) WITHOUT ROWID"); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	insert, err := tx.Prepare("INSERT INTO entries VALUES (?, ?, 2000, 6001, 1700000000, ?)")
	if err != nil {
		return err
	}
	i := int64(0)
	for p := range sorted(n) {
		if _, err := insert.Exec(p, i*2166, i*2654435761); err != nil {
			return err
		}
		i++
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return db.Close()
}

type jsonIndex struct {
	f *os.File
	r *estargz.Reader
}

func (x jsonIndex) find(path string) (bool, error) {
	_, ok := x.r.Lookup(path)
	return ok, nil
}
func (x jsonIndex) close() error { return x.f.Close() }

func openJSON(name string, _ int) (finder, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, err := estargz.Open(io.NewSectionReader(f, 0, fi.Size()))
	return jsonIndex{f, r}, err
}

// buildJSON writes the table of contents and the footer of an eStargz that has no content.
func buildJSON(name string, n int) error {
	toc := &estargz.JTOC{Version: 1}
	offset := int64(0)
	for p := range sorted(n) {
		digest := "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
		toc.Entries = append(toc.Entries, &estargz.TOCEntry{
			Name: p, Type: "reg", Size: 6001,
			ModTime3339: time.Unix(1_700_000_000+offset, 0).UTC().Format(time.RFC3339), Mode: 0o644,
			Offset: offset, Digest: digest, ChunkDigest: digest,
		})
		offset += 2166
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := estargz.NewGzipCompressor().WriteTOCAndFooter(f, 0, toc, nil); err != nil {
		return err
	}
	return f.Close()
}
