package browser

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// netEvent is an event of the log that Chromium writes for --log-net-log.
type netEvent struct {
	Type   int `json:"type"`
	Source struct {
		ID int `json:"id"`
	} `json:"source"`
	Params struct {
		URL       string          `json:"url"`
		ByteCount int             `json:"byte_count"`
		Address   string          `json:"address"`
		Headers   json.RawMessage `json:"headers"`
	} `json:"params"`
}

// netLog is such a log.
type netLog struct {
	Constants struct {
		Types map[string]int `json:"logEventTypes"`
	} `json:"constants"`
	Events []netEvent `json:"events"`
}

// readNetLog reads what came from a server, with the URL base, at an address.
func readNetLog(t *testing.T, name, base, address string) visited {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var log netLog
	if err := json.Unmarshal(b, &log); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	type request struct {
		url, coding string
		bytes       int
	}
	requests, sockets := map[int]*request{}, map[int]int{}
	ours := map[int]bool{}
	types := log.Constants.Types
	for _, e := range log.Events {
		r := requests[e.Source.ID]
		switch e.Type {
		case types["URL_REQUEST_START_JOB"]:
			if e.Params.URL != "" {
				requests[e.Source.ID] = &request{url: e.Params.URL}
			}
		case types["URL_REQUEST_JOB_BYTES_READ"]:
			if r != nil {
				r.bytes += e.Params.ByteCount
			}
		case types["HTTP_TRANSACTION_READ_RESPONSE_HEADERS"],
			types["HTTP_TRANSACTION_HTTP2_READ_RESPONSE_HEADERS"]:
			if r != nil {
				r.coding = contentEncoding(e.Params.Headers)
			}
		case types["TCP_CONNECT_ATTEMPT"]:
			ours[e.Source.ID] = ours[e.Source.ID] || e.Params.Address == address
		case types["SOCKET_BYTES_RECEIVED"]:
			sockets[e.Source.ID] += e.Params.ByteCount
		}
	}
	v := visited{codings: map[string]int{}}
	for _, r := range requests {
		path, ok := strings.CutPrefix(r.url, base)
		switch {
		case !ok:
		case strings.Contains(path, "dictionary="):
			v.dictionary += r.bytes
		case strings.HasSuffix(path, ".html"):
			v.pages += r.bytes
			v.codings[r.coding]++
		}
	}
	for id, n := range sockets {
		if ours[id] {
			v.sockets += n
		}
	}
	return v
}

// contentEncoding returns the Content-Encoding in a list of header fields.
func contentEncoding(list json.RawMessage) string {
	var fields []string
	if json.Unmarshal(list, &fields) != nil {
		return ""
	}
	for _, f := range fields {
		if name, value, ok := strings.Cut(f, ": "); ok && strings.EqualFold(name, "content-encoding") {
			return value
		}
	}
	return ""
}
