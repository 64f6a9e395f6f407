//go:build unix

package handover

import (
	"encoding/binary"
	"encoding/json"
	"io"

	"github.com/tarpack/tpk/serve"
)

// An archive is one that is handed over. A path need not be UTF-8, as the strings of JSON are.
type archive struct{ Path, Mount []byte }

// appendArchives appends a list, which may be nil, as readArchives reads it: the length of its JSON
// in 4 bytes, and the JSON.
func appendArchives(b []byte, archives []serve.Archive) ([]byte, error) {
	var list []archive
	if archives != nil {
		list = make([]archive, len(archives))
	}
	for i, a := range archives {
		list[i] = archive{[]byte(a.Path), []byte(a.Mount)}
	}
	text, err := json.Marshal(list)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...), err
}

// readArchives reads what appendArchives has made, and nothing behind it.
func readArchives(r io.Reader) ([]serve.Archive, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(binary.BigEndian.Uint32(length[:]))))
	if err != nil {
		return nil, err
	}
	var list []archive
	if err := json.Unmarshal(text, &list); err != nil || list == nil {
		return nil, err
	}
	archives := make([]serve.Archive, len(list))
	for i, a := range list {
		archives[i] = serve.Archive{Path: string(a.Path), Mount: string(a.Mount)}
	}
	return archives, nil
}
