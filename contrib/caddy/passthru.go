package caddytpk

import (
	"io"
	"maps"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// A passer is a response that is dropped if it is a 404, so that the next handler can answer.
type passer struct {
	caddyhttp.ResponseWriterWrapper
	header  http.Header // of this response, until it is sent; nil before the first use
	missing bool        // the response was a 404
}

// Header implements http.ResponseWriter.
func (p *passer) Header() http.Header {
	if p.header == nil {
		p.header = p.ResponseWriter.Header().Clone()
	}
	return p.header
}

// WriteHeader implements http.ResponseWriter.
func (p *passer) WriteHeader(status int) {
	if status == http.StatusNotFound {
		p.missing = true
		return
	}
	header := p.ResponseWriter.Header()
	clear(header)
	maps.Copy(header, p.Header())
	p.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (p *passer) Write(b []byte) (int, error) {
	if p.missing {
		return len(b), nil
	}
	return p.ResponseWriter.Write(b)
}

// ReadFrom implements io.ReaderFrom, so that a file can be sent without a copy.
func (p *passer) ReadFrom(r io.Reader) (int64, error) {
	if p.missing {
		return io.Copy(io.Discard, r)
	}
	return p.ResponseWriterWrapper.ReadFrom(r)
}
