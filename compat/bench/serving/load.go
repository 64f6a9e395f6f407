package serving

import (
	"errors"
	"fmt"
	"time"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// The protocols, as they are spelt in results.
const (
	plainHTTP = "http"  // HTTP/1.1
	https     = "https" // HTTP/1.1 over TLS
	http2     = "h2"    // HTTP/2 over TLS
)

// A load is what clients do at the same time: each connection that is kept open has a number of
// requests in progress, and sends the next one when one is answered.
type load struct {
	protocol string
	conns    int
	streams  int // of each connection; 1 except for HTTP/2
}

// loads are those that are measured.
var loads = []load{
	{plainHTTP, 1, 1}, {plainHTTP, 32, 1}, {plainHTTP, 500, 1}, {plainHTTP, 1000, 1},
	{https, 1, 1}, {https, 32, 1}, {https, 500, 1}, {https, 1000, 1},
	{http2, 1, 10}, {http2, 32, 10}, {http2, 32, 1}, {http2, 500, 10},
}

// name returns the name of a load in results.
func (l load) name(tree string) string {
	name := fmt.Sprintf("Wire/tree=%s/protocol=%s/conns=%d", tree, l.protocol, l.conns)
	if l.protocol == http2 {
		name += fmt.Sprintf("/streams=%d", l.streams)
	}
	return name
}

// usualWarmUp returns how long to wait before requests count, so that all handshakes are over. They
// take a third of that on an idle machine.
func (l load) usualWarmUp() time.Duration {
	d := 200 * time.Millisecond
	if l.protocol != plainHTTP {
		d += time.Duration(l.conns) * time.Millisecond
	}
	return d
}

// A run is a load for a while.
type run struct {
	load
	list   string // of the paths that are asked for
	log    string // a temporary file for the latencies; "": they are not logged
	warmUp time.Duration
	length time.Duration // after the warm-up
}

// errNoFigures is the error of a run during which the machine was too busy.
var errNoFigures = errors.New("no figures")

// patience is how much longer a program that sends requests may take than planned.
const patience = 15 * time.Second

// A sample is the state of a server at a moment.
type sample struct {
	time     time.Time
	cpu      time.Duration
	requests int // so far
}

func (s *server) sample(requests int) sample {
	return sample{time: time.Now(), cpu: s.cpu(), requests: requests}
}

// costs returns the figures of the requests between two samples.
func costs(begin, end sample) []measure.Value {
	n := float64(end.requests - begin.requests)
	return []measure.Value{
		{Of: (end.cpu - begin.cpu).Seconds() / n, Unit: "cpu-sec/op"},
		{Of: n / end.time.Sub(begin.time).Seconds(), Unit: "req/s"},
		{Of: n, Unit: "requests"},
	}
}
