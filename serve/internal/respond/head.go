package respond

import (
	"net/http"
	"strconv"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// headRoom is how many bytes a head usually takes at most.
const headRoom = 2 << 10

// Connection fields of an answer, for AppendHead. A connection of HTTP/1.1 persists without one
// (RFC 9112 §9.3).
const (
	Persist   = ""
	KeepAlive = "Connection: keep-alive\r\n" // HTTP/1.0
	Close     = "Connection: close\r\n"
)

// AppendHead makes Out the answer's head for HTTP/1.1, with a Connection field out of the list
// above.
func (r *Responder) AppendHead(x *Exchange, connection string) {
	dst := x.Out[:0]
	if x.Plan.Status == 200 {
		dst = append(dst, "HTTP/1.1 200 OK\r\n"...)
	} else {
		dst = append(dst, "HTTP/1.1 "...)
		dst = strconv.AppendInt(dst, int64(x.Plan.Status), 10)
		dst = append(dst, ' ')
		dst = append(dst, http.StatusText(x.Plan.Status)...)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, r.server()...)
	dst = append(dst, "Date: "...)
	dst = plan.AppendTime(dst, x.Began.Unix())
	dst = append(dst, "\r\n"...)
	dst = append(dst, connection...)
	dst = x.Plan.AppendFields(dst)
	x.Out = append(dst, "\r\n"...)
}

// AppendFields appends the answer's header fields but Date and Connection, each "Name: value\r\n".
func (r *Responder) AppendFields(dst []byte, x *Exchange) []byte {
	return x.Plan.AppendFields(append(dst, r.server()...))
}

// server returns the Server field, or "" if the configured fields have one.
func (r *Responder) server() string {
	if r.Planner.NamesServer() {
		return ""
	}
	return "Server: tpk\r\n"
}
