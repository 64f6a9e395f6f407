package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

// A jsonEntry is a line of `tpk ls --json`. JSON is UTF-8: where a path or a link is not, each wrong byte of it is
// written as U+FFFD, and the field with base64 has the bytes themselves.
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
	Member     *jsonMember `json:"member,omitempty"`
}

// A jsonMember says where the gzip member of a content is.
type jsonMember struct {
	Shard    string `json:"shard,omitempty"` // of a set: the archive that has it
	Offset   int64  `json:"offset"`
	Length   int64  `json:"length"`
	Encoding string `json:"encoding"` // deflate or stored
}

type jsonLister struct {
	encoder *json.Encoder
	archive *tarpack.Archive
}

func newJSONLister(w io.Writer, a *tarpack.Archive) *jsonLister {
	l := &jsonLister{json.NewEncoder(w), a}
	l.encoder.SetEscapeHTML(false)
	return l
}

func (l *jsonLister) print(_ io.Writer, index *sidecar.Index, row sidecar.Row) error {
	e := row.Entry
	j := jsonEntry{
		Path: string(row.Path), PathBase64: notUTF8(row.Path),
		Type: e.Type.String(), Size: e.Size, Mode: fmt.Sprintf("%04o", e.Mode),
		ModTime: time.Unix(e.ModTime, 0).UTC().Format(time.RFC3339),
	}
	if e.Type == sidecar.TypeSymlink || e.Type == sidecar.TypeHardlink {
		link, err := index.Link(row.Ordinal)
		if err != nil {
			return err
		}
		j.Link, j.LinkBase64 = link, notUTF8([]byte(link))
	}
	content := e
	if e.Type == sidecar.TypeHardlink {
		var err error
		if content, err = index.Entry(int(e.Target)); err != nil {
			return err
		}
	}
	if content.Type == sidecar.TypeFile {
		j.Hash = fmt.Sprintf("%016x", content.Hash)
		j.Member = memberOf(content)
		if j.Member != nil && l.archive.Shards() > 0 {
			shard, offset := l.archive.Shard(j.Member.Offset)
			j.Member.Shard, j.Member.Offset = l.archive.ShardName(shard), offset
		}
	}
	return l.encoder.Encode(j)
}

// memberOf returns where the content of a file is, nil for an empty one.
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

// notUTF8 returns a copy of b if it is not UTF-8.
func notUTF8(b []byte) []byte {
	if utf8.Valid(b) {
		return nil
	}
	return append([]byte(nil), b...)
}
