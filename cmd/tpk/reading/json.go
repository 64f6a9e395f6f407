package reading

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

// A jsonEntry is an entry as a JSON object. JSON is UTF-8: each byte of a path or link that is not
// becomes U+FFFD, and the base64 field has the original bytes.
type jsonEntry struct {
	Path       string      `json:"path"`
	PathBase64 []byte      `json:"path_base64,omitempty"`
	Type       string      `json:"type"`
	Size       int64       `json:"size"`
	Mode       string      `json:"mode"`
	ModTime    string      `json:"mtime"`
	Link       string      `json:"link,omitempty"`
	LinkBase64 []byte      `json:"link_base64,omitempty"`
	Hash       string      `json:"hash,omitempty"`
	SHA256     string      `json:"sha256,omitempty"`
	Member     *jsonMember `json:"member,omitempty"`
	Below      *jsonBelow  `json:"below,omitempty"` // of a directory
}

// A jsonBelow is what is below a directory, however deep.
type jsonBelow struct {
	Files  uint32 `json:"files"`  // names that are not directories
	Size   uint64 `json:"size"`   // of all files and hard links, in bytes
	Packed uint64 `json:"packed"` // bytes of their members; each counts once
}

// A jsonMember is the place of the gzip member with the content of a file.
type jsonMember struct {
	Shard    string `json:"shard,omitempty"` // the archive of a set that contains it
	Offset   int64  `json:"offset"`
	Length   int64  `json:"length"`
	Encoding string `json:"encoding"` // deflate or stored
}

// JSON returns a printer of entries as JSON objects, one per line.
func JSON(w io.Writer, a *tarpack.Archive) Printer {
	encoder := NewJSONEncoder(w)
	return func(row sidecar.Row) error {
		j, err := newJSONEntry(a, row)
		if err != nil {
			return err
		}
		return encoder.Encode(j)
	}
}

// NewJSONEncoder returns an encoder that prints an object a line, with <, > and & as they are.
func NewJSONEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

func newJSONEntry(a *tarpack.Archive, row sidecar.Row) (*jsonEntry, error) {
	index, e := a.Index(), row.Entry
	j := &jsonEntry{
		Path: string(row.Path), PathBase64: NotUTF8(row.Path),
		Type: e.Type.String(), Size: e.Size, Mode: fmt.Sprintf("%04o", e.Mode),
		ModTime: time.Unix(e.ModTime, 0).UTC().Format(time.RFC3339),
	}
	if e.Type == sidecar.TypeSymlink || e.Type == sidecar.TypeHardlink {
		link, err := index.Link(row.Ordinal)
		if err != nil {
			return nil, err
		}
		j.Link, j.LinkBase64 = link, NotUTF8([]byte(link))
	}
	if e.Type == sidecar.TypeDir {
		t, err := index.Totals(row.Ordinal)
		if err != nil {
			return nil, err
		}
		j.Below = &jsonBelow{Files: t.NonDirs, Size: t.Bytes, Packed: t.Members}
	}
	content := e
	if e.Type == sidecar.TypeHardlink {
		var err error
		if content, err = index.Entry(int(e.Target)); err != nil {
			return nil, err
		}
	}
	if content.Type == sidecar.TypeFile {
		j.Hash = fmt.Sprintf("%016x", content.Hash)
		if index.HasSHA256() {
			sum, err := index.SHA256(row.Ordinal)
			if err != nil {
				return nil, err
			}
			j.SHA256 = hex.EncodeToString(sum[:])
		}
		j.Member = memberOf(content)
		if j.Member != nil && a.Shards() > 0 {
			var err error
			if j.Member.Shard, j.Member.Offset, err = a.Shard(j.Member.Offset); err != nil {
				return nil, err
			}
		}
	}
	return j, nil
}

// memberOf returns the place of the content of a file, or nil if it is empty.
func memberOf(e sidecar.Entry) *jsonMember {
	if e.Coding == coding.None {
		return nil
	}
	m := &jsonMember{Offset: e.ContentOffset(), Length: e.ContentLen, Encoding: "deflate"}
	if e.Coding == coding.Stored {
		m.Encoding = "stored"
	}
	return m
}

// NotUTF8 returns a copy of b if it is not UTF-8, or else nil.
func NotUTF8(b []byte) []byte {
	if utf8.Valid(b) {
		return nil
	}
	return append([]byte(nil), b...)
}
