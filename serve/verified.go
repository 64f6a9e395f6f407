package serve

import (
	"sync"

	"github.com/tarpack/tpk/internal/verified"
	"github.com/tarpack/tpk/serve/internal/archives"
)

// verifiedLog is what was logged about the file of Options.VerifyMetrics.
type verifiedLog struct {
	mu   sync.Mutex
	said string // about the last failure; "" if there was none
}

// changed reports whether a message is not the last one.
func (l *verifiedLog) changed(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := l.said != text
	l.said = text
	return changed
}

// writeVerified writes when the archives of a list were last verified. The file is read each time:
// only scrapes of the metrics pay for it.
func (s *Server) writeVerified(m metricsWriter, list []archives.Info) {
	if s.options.VerifyMetrics == "" {
		return
	}
	results := s.verifiedOf(list)
	of := func(field func(*verified.Result) int64) func(i int) (float64, bool) {
		return func(i int) (float64, bool) {
			if list[i].Digest == "" || list[i].Remote {
				return 0, false // only files are verified
			}
			return float64(field(&results[i])), true
		}
	}
	m.archives("archive_verify_timestamp_seconds", "When the archive was last verified, or 0.", list,
		of(func(r *verified.Result) int64 { return r.Checked }))
	m.archives("archive_verify_last_success_timestamp_seconds",
		"When the archive was last found in order, or 0.", list,
		of(func(r *verified.Result) int64 { return r.Good }))
	m.archives("archive_verify_entries", "Entries that the last check found in order.", list,
		of(func(r *verified.Result) int64 { return r.Entries }))
	m.archives("archive_verify_bytes", "Bytes of content that the last check found in order.", list,
		of(func(r *verified.Result) int64 { return r.Bytes }))
	m.archives("archive_verify_problems", "Problems that the last check found.", list,
		of(func(r *verified.Result) int64 { return r.Problems }))
}

// verifiedOf returns the result for each archive of a list. It is zero for one that was not
// verified, or that has replaced the one that was. A file that can't be read has no results.
func (s *Server) verifiedOf(list []archives.Info) []verified.Result {
	all, err := verified.Read(s.options.VerifyMetrics)
	text := ""
	if err != nil {
		text = archives.Describe(err)
	}
	if s.verified.changed(text) && text != "" {
		s.options.Log(text + ": archives count as not verified")
	}
	results := make([]verified.Result, len(list))
	for i, a := range list {
		path, err := verified.Path(a.Path, false)
		if r := all[path]; err == nil && r.Digest == a.Digest {
			results[i] = r
		}
	}
	return results
}
