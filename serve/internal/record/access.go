package record

import "time"

// Access describes an answered request, for an access log.
type Access struct {
	Time      time.Time // when its head was complete
	Duration  time.Duration
	Remote    string // the client's address
	Method    string
	Target    string
	Proto     string // "HTTP/1.1"
	Host      string
	Referer   string
	UserAgent string
	User      string // that the client says it is, right or not; "" if no password is asked for
	Status    int
	Bytes     int64 // of the body, as sent
}
