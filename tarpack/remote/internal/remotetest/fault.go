package remotetest

import (
	"fmt"
	"net/http"
	"time"
)

// A Fault changes the right answer to a request.
type Fault func(a *Answer, r *http.Request)

// Status answers with a status and nothing else; retryAfter is left out if it is "".
func Status(code int, retryAfter string) Fault {
	return func(a *Answer, _ *http.Request) {
		a.Status, a.Body, a.length, a.Header = code, nil, 0, http.Header{}
		if retryAfter != "" {
			a.Header.Set("Retry-After", retryAfter)
		}
	}
}

// Whole ignores the range.
func Whole(a *Answer, _ *http.Request) {
	a.Status, a.Body, a.length = http.StatusOK, a.Content, len(a.Content)
	a.Header.Del("Content-Range")
}

// OtherRange is a Content-Range of the right size with another place, and the bytes from there.
func OtherRange(a *Answer, _ *http.Request) {
	n := len(a.Body)
	if n == 0 {
		return
	}
	first := (a.First + 1) % (len(a.Content) - n + 1)
	if first == a.First {
		first, n = a.First, n-1
	}
	a.Body, a.length = a.Content[first:first+n], n
	a.Header.Set("Content-Range", contentRange(first, first+n-1, len(a.Content)))
}

// ContentRange sends this Content-Range; "" is none.
func ContentRange(v string) Fault {
	return func(a *Answer, _ *http.Request) {
		if a.Header.Del("Content-Range"); v != "" {
			a.Header.Set("Content-Range", v)
		}
	}
}

// OtherSize has a Content-Range of a larger object.
func OtherSize(a *Answer, _ *http.Request) {
	a.Header.Set("Content-Range",
		contentRange(a.First, a.First+len(a.Body)-1, len(a.Content)+1))
}

// Short sends a body, and a Content-Length, of a byte less than Content-Range says.
func Short(a *Answer, _ *http.Request) {
	if len(a.Body) == 0 {
		return
	}
	a.Body, a.length = a.Body[:len(a.Body)-1], a.length-1
}

// Long sends a body, and a Content-Length, of a byte more than Content-Range says.
func Long(a *Answer, _ *http.Request) {
	a.Body, a.length = append(append([]byte{}, a.Body...), 0), a.length+1
}

// Chunked sends the right body without Content-Length.
func Chunked(a *Answer, _ *http.Request) { a.length = -1 }

// ChunkedShort sends a byte less, without Content-Length.
func ChunkedShort(a *Answer, _ *http.Request) {
	a.length, a.Body = -1, a.Body[:max(0, len(a.Body)-1)]
}

// ChunkedLong sends a byte more, without Content-Length.
func ChunkedLong(a *Answer, _ *http.Request) {
	a.length, a.Body = -1, append(append([]byte{}, a.Body...), 0)
}

// CutOff closes the connection after n bytes of the body.
func CutOff(n int) Fault { return func(a *Answer, _ *http.Request) { a.cut = n } }

// Stall sends nothing more after n bytes of the body.
func Stall(n int) Fault { return func(a *Answer, _ *http.Request) { a.stall = n } }

// Hang sends nothing at all.
func Hang(a *Answer, _ *http.Request) { a.hang = true }

// Drip sends single bytes, with some time between them.
func Drip(d time.Duration) Fault { return func(a *Answer, _ *http.Request) { a.drip = d } }

// ContentEncoding has this Content-Encoding.
func ContentEncoding(v string) Fault {
	return func(a *Answer, _ *http.Request) { a.Header.Set("Content-Encoding", v) }
}

// Multipart sends the range as one of several parts (RFC 9110 §14.6).
func Multipart(a *Answer, _ *http.Request) {
	const delimiter = "-" + "-x" // not an option
	body := fmt.Sprintf("%s\r\nContent-Range: %s\r\n\r\n%s\r\n%[1]s-"+"-\r\n", delimiter,
		a.Header.Get("Content-Range"), a.Body)
	a.Header.Del("Content-Range")
	a.Header.Set("Content-Type", "multipart/byteranges; boundary=x")
	a.Body, a.length = []byte(body), len(body)
}

// Flip sends a range in which one bit is wrong.
func Flip(a *Answer, _ *http.Request) {
	if len(a.Body) > 0 {
		a.Body = append([]byte{}, a.Body...)
		a.Body[len(a.Body)/2] ^= 4
	}
}

// ETag sends this ETag; "" is none. It also answers a request whose If-Match does not fit, with the
// content of the range.
func ETag(v string) Fault {
	return func(a *Answer, r *http.Request) {
		if a.Status == http.StatusPreconditionFailed {
			first, last, ok := parseRange(r.Header.Get("Range"), len(a.Content))
			if !ok {
				return
			}
			a.Status, a.Body, a.length = http.StatusPartialContent, a.Content[first:last+1], last+1-first
			a.Header.Set("Content-Range", contentRange(first, last, len(a.Content)))
		}
		if a.Header.Del("ETag"); v != "" {
			a.Header["Etag"] = []string{v}
		}
	}
}

// Redirect redirects to a URL.
func Redirect(code int, to string) Fault {
	return func(a *Answer, _ *http.Request) {
		a.Status, a.Body, a.length, a.Header = code, nil, 0, http.Header{"Location": {to}}
	}
}

// Handle answers with a handler.
func Handle(f func(http.ResponseWriter, *http.Request)) Fault {
	return func(a *Answer, _ *http.Request) { a.replace = f }
}

// Close closes the connection without an answer.
func Close(a *Answer, _ *http.Request) {
	a.replace = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
}
