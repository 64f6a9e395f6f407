package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"
)

// maxAdminContent is the largest content of a request to the admin server, in bytes.
const maxAdminContent = 1 << 20

// errContent is what the content of a request must be.
var errContent = errors.New(
	`the content must be {"path": "FILE", "mount": "/PATH"} or a list of these`)

// readArchives reads an archive or a list of them from the content of a request.
func readArchives(w http.ResponseWriter, r *http.Request) ([]archives.Spec, error) {
	if r.Method == http.MethodDelete || r.URL.Path == "/reload" {
		return nil, nil
	}
	raw, err := readJSON(http.MaxBytesReader(w, r.Body, maxAdminContent))
	if err != nil {
		return nil, err
	}
	if raw[0] != '[' {
		a, err := readArchive(raw)
		return []archives.Spec{a}, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, errContent
	}
	given := make([]archives.Spec, 0, len(list))
	for i, raw := range list {
		a, err := readArchive(raw)
		if err != nil {
			return nil, fmt.Errorf("archive %d of the list: %w", i+1, err)
		}
		given = append(given, a)
	}
	return given, nil
}

// readJSON reads one JSON value, and nothing may follow it.
func readJSON(r io.Reader) (raw json.RawMessage, err error) {
	d := json.NewDecoder(r)
	if err = d.Decode(&raw); err == nil {
		if _, more := d.Token(); more != io.EOF {
			return nil, errors.New("more follows the JSON of the content: put several archives in a list")
		}
		return raw, nil
	}
	var syntax *json.SyntaxError
	var size *http.MaxBytesError
	switch {
	case err == io.EOF:
		return nil, fmt.Errorf("there is no content: %w", errContent)
	case err == io.ErrUnexpectedEOF:
		return nil, errors.New("the content ends in the middle of its JSON")
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("byte %d of the content is not JSON: %w", syntax.Offset, errContent)
	case errors.As(err, &size):
		return nil, fmt.Errorf("the content has more than %d bytes", size.Limit)
	}
	return nil, errors.New("the content can't be read")
}

// readArchive reads an object with the path and the mount of an archive.
func readArchive(raw json.RawMessage) (a archives.Spec, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return a, errContent
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		var to *string
		switch strings.ToLower(name) {
		case "path":
			to = &a.Path
		case "mount":
			to = &a.Mount
		default:
			return a, fmt.Errorf("%q is unknown: %w", name, errContent)
		}
		if err := json.Unmarshal(fields[name], to); err != nil {
			return a, fmt.Errorf("%q must be a string", name)
		}
	}
	if a.Path == "" {
		return a, errNoPath
	}
	return a, nil
}
