package main

import (
	"fmt"
	"io"
	"time"

	"github.com/tarpack/tpk/sidecar"
)

// printLong prints a line as `tar tv` does, without owners, which are not in the index.
func printLong(w io.Writer, index *sidecar.Index, row sidecar.Row) error {
	e := row.Entry
	size := fmt.Sprint(e.Size)
	if e.Type == sidecar.TypeChar || e.Type == sidecar.TypeBlock {
		size = fmt.Sprintf("%d,%d", e.DevMajor, e.DevMinor)
	}
	name := quoteName(displayPath(row))
	switch e.Type {
	case sidecar.TypeSymlink, sidecar.TypeHardlink:
		link, err := index.Link(row.Ordinal)
		if err != nil {
			return err
		}
		arrow := " -> "
		if e.Type == sidecar.TypeHardlink {
			arrow = " link to "
		}
		name += arrow + quoteName(link)
	}
	_, err := fmt.Fprintf(w, "%s %12s %s %s\n", modeString(e.Type, e.Mode), size, time.Unix(e.ModTime, 0).Format("2006-01-02 15:04"), name)
	return err
}

// typeLetters are those of `tar tv`.
var typeLetters = map[sidecar.Type]byte{
	sidecar.TypeFile: '-', sidecar.TypeDir: 'd', sidecar.TypeSymlink: 'l', sidecar.TypeHardlink: 'h',
	sidecar.TypeChar: 'c', sidecar.TypeBlock: 'b', sidecar.TypeFIFO: 'p',
}

// modeString writes type and permissions as ls -l does: "drwxr-sr-x".
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
