package reading

import (
	"fmt"
	"io"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/sidecar"
)

// A Printer prints an entry of an archive.
type Printer func(sidecar.Row) error

// Names returns a printer of paths as `tar t` prints them, with a slash after a directory.
func Names(w io.Writer) Printer {
	return func(row sidecar.Row) error {
		_, err := fmt.Fprintln(w, displayPath(row))
		return err
	}
}

// displayPath returns the quoted path of an entry, with a slash after a directory.
func displayPath(row sidecar.Row) string {
	path := string(row.Path)
	if row.Entry.Type == sidecar.TypeDir {
		path += "/"
	}
	return report.Quote(path)
}

// Long returns a printer of entries as `tar tv` prints them, but without owners, which the index
// does not have.
func Long(w io.Writer, index *sidecar.Index) Printer {
	return func(row sidecar.Row) error {
		line, err := longLine(index, row)
		if err == nil {
			_, err = fmt.Fprintln(w, line)
		}
		return err
	}
}

func longLine(index *sidecar.Index, row sidecar.Row) (string, error) {
	e := row.Entry
	size := fmt.Sprint(e.Size)
	if e.Type == sidecar.TypeChar || e.Type == sidecar.TypeBlock {
		size = fmt.Sprintf("%d,%d", e.DevMajor, e.DevMinor)
	}
	name := displayPath(row)
	if e.Type == sidecar.TypeSymlink || e.Type == sidecar.TypeHardlink {
		link, err := index.Link(row.Ordinal)
		if err != nil {
			return "", err
		}
		arrow := " -> "
		if e.Type == sidecar.TypeHardlink {
			arrow = " link to "
		}
		name += arrow + report.Quote(link)
	}
	mtime := time.Unix(e.ModTime, 0).Format("2006-01-02 15:04")
	return fmt.Sprintf("%s %12s %s %s", modeString(e.Type, e.Mode), size, mtime, name), nil
}

// typeLetters are the letters that `tar tv` prints for the types.
var typeLetters = map[sidecar.Type]byte{
	sidecar.TypeFile: '-', sidecar.TypeDir: 'd', sidecar.TypeFIFO: 'p',
	sidecar.TypeSymlink: 'l', sidecar.TypeHardlink: 'h',
	sidecar.TypeChar: 'c', sidecar.TypeBlock: 'b',
}

// modeString returns type and permissions as ls -l prints them: "drwxr-sr-x".
func modeString(t sidecar.Type, mode uint16) string {
	s := []byte("?rwxrwxrwx")
	if letter, ok := typeLetters[t]; ok {
		s[0] = letter
	}
	for i := range 9 {
		if mode&(1<<(8-i)) == 0 {
			s[1+i] = '-'
		}
	}
	for _, special := range []struct {
		bit     uint16
		at      int
		letters string // with and without x
	}{{0o4000, 3, "sS"}, {0o2000, 6, "sS"}, {0o1000, 9, "tT"}} {
		if mode&special.bit == 0 {
			continue
		}
		if s[special.at] == 'x' {
			s[special.at] = special.letters[0]
		} else {
			s[special.at] = special.letters[1]
		}
	}
	return string(s)
}
