package bundle

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
)

// MaxProgram is the size in bytes of the largest program that is bundled.
const MaxProgram = 256 << 20

// module is the module of the programs that can be bundled, and programs is where they are in it.
const (
	module   = "github.com/tarpack/tpk"
	programs = module + "/cmd/tpk"
)

var (
	// ErrArchive means that an archive can't be bundled.
	ErrArchive = errors.New("it can't be bundled")
	// ErrProgram means that a file is not a program that can be bundled.
	ErrProgram = errors.New("it can't be bundled with an archive")
	// ErrBundle means that a program was bundled already.
	ErrBundle = fmt.Errorf("%w: it is a bundle already", ErrProgram)
)

// Program is a program that can be bundled.
type Program struct {
	Platform string // as linux/amd64
	// Signed reports whether the program has a signature with a key, which the bundle loses. For
	// macOS, one without a key is made again, if there was one.
	Signed bool

	info  fs.FileInfo
	image []byte // without its signature
	state int    // where the mark's state is in it
	macho *machoFile
}

// ReadProgram reads a program that can be bundled. The error wraps ErrProgram or ErrBundle if it
// can't, or is that of reading.
func ReadProgram(name string) (*Program, error) {
	p, err := readProgram(name)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

func readProgram(name string) (*Program, error) {
	f, err := osfile.OpenFile(name, os.O_RDONLY|osfile.Nonblock, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() // opened for reading only: errors lose nothing
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %w", ErrProgram, format.ErrNotRegular)
	case info.Size() > MaxProgram:
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrProgram, MaxProgram)
	}
	image := make([]byte, info.Size())
	if _, err := io.ReadFull(f, image); err != nil {
		return nil, err
	}
	p, err := newProgram(image)
	if err == nil {
		p.info = info
	}
	return p, err
}

// newProgram returns the program with these bytes, which it changes.
func newProgram(image []byte) (*Program, error) {
	r := bytes.NewReader(image)
	if err := Find(r, r.Size()); !errors.Is(err, ErrNone) {
		return nil, ErrBundle
	}
	k := kindOf(image[:min(len(image), headSize)])
	if k == unknown {
		return nil, fmt.Errorf("%w: it is not a program", ErrProgram)
	}
	b, err := buildinfo.Read(r)
	if err != nil {
		return nil, fmt.Errorf("%w: it is not tpk, or another program has compressed it (%w)",
			ErrProgram, err)
	}
	if b.Main.Path != module || b.Path != programs && !strings.HasPrefix(b.Path, programs+".") {
		return nil, fmt.Errorf("%w: it is %s, and not tpk", ErrProgram, b.Path)
	}
	settings := map[string]string{}
	for _, s := range b.Settings {
		settings[s.Key] = s.Value
	}
	p := &Program{Platform: settings["GOOS"] + "/" + settings["GOARCH"], image: image}
	p.state = findMark(image)
	switch {
	case p.state < 0:
		return nil, fmt.Errorf("%w: this version of tpk is too old (%s)", ErrProgram, b.Main.Version)
	case image[p.state] != '0':
		return nil, ErrBundle
	}
	image[p.state] = '1'
	return p, p.removeSignature(k)
}

// removeSignature takes the signature of the system off, which does not fit a bundle.
func (p *Program) removeSignature(k kind) (err error) {
	switch k {
	case peProgram:
		err = p.removePESignature()
	case machoProgram:
		p.macho, p.image, err = p.openMachO()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProgram, err)
	}
	return nil
}

// openMachO is the function openMachO. It looks at the signature first.
func (p *Program) openMachO() (*machoFile, []byte, error) {
	m, image, err := openMachO(p.image)
	if err == nil && m.signature != nil {
		p.Signed = !isAdHoc(p.image[len(image):])
	}
	return m, image, err
}

func (p *Program) removePESignature() error {
	at, entry, err := peSecurity(bytes.NewReader(p.image))
	if err != nil || entry[1] == 0 {
		return err
	}
	if off := int64(entry[0]); off+int64(entry[1]) != int64(len(p.image)) || off < at {
		return errors.New("its signature is not its end")
	}
	p.Signed = true
	clear(p.image[at : at+8])
	p.image = p.image[:entry[0]]
	return nil
}

// Same reports whether a file is the program's.
func (p *Program) Same(fi fs.FileInfo) bool { return os.SameFile(p.info, fi) }
