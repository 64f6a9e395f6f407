package serve

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/record"
)

// reloads counts changes of the archives.
type reloads struct {
	good, bad atomic.Uint64
	last      atomic.Int64 // when the last good one was made, in seconds since 1970
}

// count counts a change that has succeeded or failed.
func (r *reloads) count(err error) {
	if err != nil {
		r.bad.Add(1)
		return
	}
	r.good.Add(1)
	r.last.Store(time.Now().Unix())
}

// writeMetrics writes what /metrics shows, in the text format of Prometheus. It collects the
// counters, so that requests pay nothing for it.
func (s *Server) writeMetrics(w io.Writer) {
	m := metricsWriter{w}
	st := &s.responder.Stats
	m.begin("http_responses_total", "counter", "Responses sent.")
	st.Responses(func(status int, n uint64) {
		m.value("http_responses_total", float64(n), "code",
			strconv.Itoa(status))
	})
	m.single("http_response_body_bytes_total", "counter", "Bytes of response bodies sent.",
		float64(st.Bytes()))

	m.begin("http_responses_by_coding_total", "counter", "Responses by content coding.")
	for e := range plan.Encodings {
		n, _ := st.Coded(int(e))
		m.value("http_responses_by_coding_total", float64(n), "coding", e.String())
	}
	m.begin("http_response_body_bytes_by_coding_total", "counter",
		"Bytes of response bodies sent, by content coding.")
	for e := range plan.Encodings {
		_, n := st.Coded(int(e))
		m.value("http_response_body_bytes_by_coding_total", float64(n), "coding", e.String())
	}

	m.begin("http_request_duration_seconds", "histogram",
		"From the end of a request's header to the last byte of the response.")
	n, sum := st.Durations()
	total := uint64(0)
	for i, count := range n {
		bound := "+Inf"
		if total += count; i < len(record.Buckets) {
			bound = strconv.FormatFloat(record.Buckets[i].Seconds(), 'g', -1, 64)
		}
		m.value("http_request_duration_seconds_bucket", float64(total), "le", bound)
	}
	m.value("http_request_duration_seconds_sum", sum.Seconds())
	m.value("http_request_duration_seconds_count", float64(total))

	open, accepted := st.Connections()
	m.single("connections", "gauge", "Connections open.", float64(open))
	m.single("connections_total", "counter", "Connections accepted.", float64(accepted))
	m.single("connections_refused_total", "counter",
		"Connections closed at once because there were too many.", float64(st.Refused()))

	m.begin("requests_limited_total", "counter", "Requests refused because of a limit.")
	for i, name := range record.Limits {
		m.value("requests_limited_total", float64(st.LimitedBy(i)), "limit", name)
	}

	list := s.library.List()
	m.archives("archive_entries", "Entries of an archive that is served.", list,
		func(i int) (float64, bool) { return float64(list[i].Entries), true })
	m.archives("archive_bytes", "Size of an archive that is served.", list,
		func(i int) (float64, bool) { return float64(list[i].Bytes), true })
	s.writeVerified(m, list)
	m.begin("reloads_total", "counter", "Changes of the archives.")
	m.value("reloads_total", float64(s.reloads.good.Load()), "result", "ok")
	m.value("reloads_total", float64(s.reloads.bad.Load()), "result", "failed")
	m.single("last_reload_timestamp_seconds", "gauge", "When the archives were last changed.",
		float64(s.reloads.last.Load()))
	metrics.WriteProcessMetrics(w)
}

// metricsWriter writes lines of the exposition format. Names get the prefix "tpk_".
type metricsWriter struct{ w io.Writer }

// begin writes the lines before the values of a metric.
func (m metricsWriter) begin(name, kind, help string) {
	fmt.Fprintf(m.w, "# HELP tpk_%s %s\n# TYPE tpk_%s %s\n", name, help, name, kind)
}

// single writes a metric with one value.
func (m metricsWriter) single(name, kind, help string, v float64) {
	m.begin(name, kind, help)
	m.value(name, v)
}

// value writes a line. labels are names and values in turn.
func (m metricsWriter) value(name string, v float64, labels ...string) {
	text := ""
	for i := 0; i < len(labels); i += 2 {
		text += "," + labels[i] + `="` +
			labelEscapes.Replace(strings.ToValidUTF8(labels[i+1], "\uFFFD")) + `"`
	}
	if text != "" {
		text = "{" + text[1:] + "}"
	}
	fmt.Fprintf(m.w, "tpk_%s%s %s\n", name, text, strconv.FormatFloat(v, 'g', -1, 64))
}

// archives writes a gauge with a value for each archive for which the function has one.
func (m metricsWriter) archives(
	name, help string, list []archives.Info, value func(i int) (v float64, ok bool),
) {
	m.begin(name, "gauge", help)
	for i, a := range list {
		if v, ok := value(i); ok {
			m.value(name, v, "index", strconv.Itoa(i), "path", a.Path, "mount", a.Mount)
		}
	}
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
