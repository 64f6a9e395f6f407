package forge

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// Index returns the sidecar of a valid archive, rebuilt as in FORMAT.md 3.
func Index(archive []byte) ([]byte, error) {
	var all []*placed
	for at := 0; ; {
		content, extra, length, err := memberAt(archive, at)
		if err != nil {
			return nil, fmt.Errorf("the member at %d: %w", at, err)
		}
		if len(extra) > 0 && extra[0] == 'T' && len(content) > 0 {
			return index(le.Uint16(extra[4:]), all, int64(len(archive))), nil
		}
		if len(content) == 0 { // F, a former end, or an addition to the format
			at += length
			continue
		}
		items, err := headers(content)
		if err != nil {
			return nil, fmt.Errorf("the headers at %d: %w", at, err)
		}
		for i, p := range items {
			p.offset, p.header = int64(at), int64(length)
			p.Duplicate = len(extra) > 0 && extra[1+i/8]>>(i%8)&1 == 1
		}
		all = append(all, items...)
		at += length
		if p := items[0]; p.Type == File && p.size > 0 {
			if at, err = p.readContent(archive, at); err != nil {
				return nil, fmt.Errorf("the content at %d: %w", at, err)
			}
		}
	}
}

// memberAt inflates the member at an offset.
func memberAt(archive []byte, at int) (content, extra []byte, length int, err error) {
	r := bytes.NewReader(archive[at:])
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, nil, 0, err
	}
	z.Multistream(false)
	content, err = io.ReadAll(z)
	if len(z.Extra) >= 4 {
		extra = z.Extra[4:]
	}
	return content, extra, len(archive) - at - r.Len(), err
}

// headers reads the tar headers in a member.
func headers(blocks []byte) ([]*placed, error) {
	var items []*placed
	for r := tar.NewReader(bytes.NewReader(blocks)); ; {
		h, err := r.Next()
		if err == io.EOF || err == io.ErrUnexpectedEOF && len(items) > 0 {
			return items, nil
		}
		if err != nil {
			return nil, err
		}
		items = append(items, &placed{size: h.Size, Item: &Item{
			Path: strings.TrimSuffix(h.Name, "/"), Link: h.Linkname, Mode: uint16(h.Mode),
			Time: h.ModTime.Unix(),
			Type: Type(strings.IndexByte("?0521346"[:], h.Typeflag)), Major: uint32(h.Devmajor),
			Minor: uint32(h.Devminor),
		}})
		if h.Size > 0 {
			return items, nil // its content is in the next member
		}
	}
}

// readContent reads C and P of a file and returns where they end.
func (p *placed) readContent(archive []byte, at int) (int, error) {
	content, _, length, err := memberAt(archive, at)
	if err != nil {
		return at, err
	}
	p.Content, p.content = content, int64(length)
	p.crc = crc32.ChecksumIEEE(content)
	p.coding = 1
	if bytes.Equal(archive[at:at+length], Stored(content)) {
		p.coding = 2
	}
	at += length
	if len(content)%block == 0 && (at+3 >= len(archive) || archive[at+3] != 4 ||
		archive[at+16] != 'S') {
		return at, nil
	}
	_, extra, length, err := memberAt(archive, at)
	if err != nil {
		return at, err
	}
	p.pad = int64(length)
	if len(extra) > 0 {
		p.coding, p.Shift = 3, extra[1]
		end := uint64(0)
		n := segmentLength(p.Shift)
		for rest := extra[2:]; len(rest) >= n; rest = rest[n:] {
			end += uint64(le.Uint32(append(rest[:n:n], 0)))
			p.ends = append(p.ends, end)
		}
	}
	return at + length, nil
}
