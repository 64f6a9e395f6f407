package live

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/internal/regular"
)

// recordSuffix is what the name of a record has besides that of its archive.
const recordSuffix = ".json"

// maxRecord limits what is read of a record: the paths of a layer take much less.
const maxRecord = 64 << 20

// record is what is kept of a layer. Without a record that belongs to it, an archive is no layer.
type record struct {
	Digest string     `json:"digest"` // of the archive
	Files  []recorded `json:"files"`
}

// recorded is a file that is in a layer, as it was when it was packed.
type recorded struct {
	Path     string `json:"path"`
	Dev      uint64 `json:"dev"`
	Ino      uint64 `json:"ino"`
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"`
	Changed  int64  `json:"changed"`
	Links    uint64 `json:"links"`
}

// writeRecord replaces the record of a layer.
func writeRecord(l *Layer, contents []content) (err error) {
	r := record{Digest: l.digest(), Files: make([]recorded, 0, len(contents))}
	for _, c := range contents {
		r.Files = append(r.Files, recorded{c.path, c.stamp.Dev, c.stamp.Ino, c.stamp.Size,
			c.stamp.Modified, c.stamp.Changed, c.stamp.Links})
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	name := l.name + recordSuffix
	f, err := os.Create(name + ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = osfile.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// readRecord reads the record of an archive.
func readRecord(archive string) (digest string, contents []content, err error) {
	f, err := regular.Open(archive + recordSuffix)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return "", nil, err
	}
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return "", nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	for _, x := range r.Files {
		contents = append(contents, content{x.Path, changetime.Stamp{Dev: x.Dev, Ino: x.Ino,
			Size: x.Size, Modified: x.Modified, Changed: x.Changed, Links: x.Links}})
	}
	return r.Digest, contents, nil
}
