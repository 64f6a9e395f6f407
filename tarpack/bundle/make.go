package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// Options are the options of Make. The zero value is usable.
type Options struct {
	// Name is the name of the archive in the bundle, without a directory; "" means the base of its
	// Archive.Name. Signatures are valid only with the name that the archive had.
	Name string
	// Beside are the files that lie beside the archive, but for the index, by the suffix of their
	// names.
	Beside map[string]*os.File
	// Progress, if set, is called with the bytes that were written since the last call.
	Progress func(n int64)
}

// suffixes are what Options.Beside may have, in the order in which they are written.
var suffixes = []string{".tpv", ".tpx", ".sum", ".sum.minisig"}

// Make writes a bundle of a program and an archive, which must not be a shard set. It calls
// CheckUnchanged of the archive after all was read. p can be used once.
func Make(
	ctx context.Context, w io.Writer, p *Program, a *tarpack.Archive, o Options,
) (size int64, err error) {
	if a.Shards() > 0 {
		return 0, fmt.Errorf("%s: %w: it is a shard set", a.Name(), ErrArchive)
	}
	m, err := newMaker(ctx, w, p, a, &o)
	if err != nil {
		return 0, err
	}
	if err := m.write(); err != nil {
		return 0, err
	}
	return m.written, a.CheckUnchanged()
}

// maker is one run of Make.
type maker struct {
	ctx      context.Context
	w        io.Writer
	p        *Program
	progress func(int64)
	dir      directory
	content  []io.Reader // of the files of dir
	adHoc    *adHoc      // nil if the bundle is not signed
	written  int64
	end      int64 // of the footer
}

func newMaker(
	ctx context.Context, w io.Writer, p *Program, a *tarpack.Archive, o *Options,
) (*maker, error) {
	m := &maker{ctx: ctx, w: w, p: p, progress: o.Progress}
	if m.dir.Archive = o.Name; o.Name == "" {
		m.dir.Archive = a.Name()[strings.LastIndexAny(a.Name(), `/\`)+1:]
	}
	if err := checkName(m.dir.Archive); err != nil {
		return nil, fmt.Errorf("%s: %w", a.Name(), err)
	}
	m.add("", a.Source(), a.Size())
	if x := a.Index(); !a.IndexEmbedded() {
		m.add(format.SidecarSuffix, x, x.Size())
	}
	for _, suffix := range suffixes {
		f := o.Beside[suffix]
		if f == nil {
			continue
		}
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		m.add(suffix, f, info.Size())
	}
	return m, m.place()
}

// add adds a file of size bytes.
func (m *maker) add(suffix string, r io.ReaderAt, size int64) {
	m.dir.Files = append(m.dir.Files,
		part{Suffix: suffix, Size: size, SHA256: strings.Repeat("0", 2*sha256.Size)})
	m.content = append(m.content, io.NewSectionReader(r, 0, size))
}

// place decides where everything is. Back is the offset in the file first: the length of the
// directory depends on it, and the end depends on that length.
func (m *maker) place() error {
	at := int64(len(m.p.image))
	offsets := make([]int64, len(m.dir.Files))
	for i := range m.dir.Files {
		at = aligned(at, partAlign)
		offsets[i] = at
		at += m.dir.Files[i].Size
	}
	for room := int64(maxDirectory / 16); ; room *= 2 {
		// The directory and the footer take room bytes, with zeros before them.
		m.end = aligned(at, signatureAlign) + room
		for i := range m.dir.Files {
			m.dir.Files[i].Back = m.end - offsets[i]
		}
		b, err := m.dir.encode(m.end - int64(len(m.p.image)))
		if err != nil {
			return err
		}
		if int64(len(b)) <= room {
			break
		}
	}
	if m.p.macho == nil {
		return nil
	}
	signature, err := m.p.macho.extend(m.end)
	if signature > 0 {
		m.adHoc = newAdHoc()
	}
	return err
}

func aligned(n, to int64) int64 { return (n + to - 1) / to * to }

// write writes the bundle.
func (m *maker) write() error {
	if _, err := m.Write(m.p.image); err != nil {
		return err
	}
	for i, r := range m.content {
		p := &m.dir.Files[i]
		if err := m.zeros(m.end - p.Back); err != nil {
			return err
		}
		h := sha256.New()
		n, err := io.Copy(io.MultiWriter(m, h), &meteredReader{m.ctx, r, m.progress})
		if err == nil && n != p.Size {
			err = fmt.Errorf("%s: %w", m.dir.Archive+p.Suffix, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return err
		}
		p.SHA256 = hex.EncodeToString(h.Sum(nil))
	}
	b, err := m.dir.encode(m.end - int64(len(m.p.image)))
	if err != nil {
		return err
	}
	if err := m.zeros(m.end - int64(len(b))); err != nil {
		return err
	}
	if _, err := m.Write(b); err != nil {
		return err
	}
	if m.adHoc == nil {
		return nil
	}
	text := m.p.macho.text
	sum := m.adHoc
	m.adHoc = nil
	_, err = m.Write(sum.signature(text.u64(atSegmentOffset), text.u64(atSegmentFileSize)))
	return err
}

// zeros writes zeros up to an offset.
func (m *maker) zeros(to int64) error {
	_, err := m.Write(make([]byte, to-m.written))
	return err
}

// Write writes to the bundle.
func (m *maker) Write(b []byte) (int, error) {
	n, err := m.w.Write(b)
	m.written += int64(n)
	if m.adHoc != nil {
		_, _ = m.adHoc.Write(b[:n])
	}
	return n, err
}
