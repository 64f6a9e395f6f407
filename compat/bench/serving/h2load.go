package serving

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// h2loadCost returns what a request costs a server, and how many were answered a second.
func (s *server) h2loadCost(r run) ([]measure.Value, error) {
	begin, end, err := s.h2load(r)
	if err != nil {
		return nil, err
	}
	return costs(begin, end), nil
}

// h2loadLatency returns the time from a request to the end of its answer.
func (s *server) h2loadLatency(r run) ([]measure.Value, error) {
	if err := os.RemoveAll(r.log); err != nil { // h2load would append to it
		return nil, err
	}
	if _, _, err := s.h2load(r); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(r.log)
	if err != nil {
		return nil, err
	}
	return percentiles(text)
}

// h2load sends requests, and returns samples from the end of the warm-up and of the run. If a
// handshake is in progress when the time is over, h2load 1.52 never ends: that is errNoFigures.
func (s *server) h2load(r run) (begin, end sample, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.warmUp+r.length+patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", h2loadArguments(r, s.url())...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return begin, end, err
	}
	var report, errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		return begin, end, err
	}
	for in := bufio.NewScanner(out); in.Scan(); {
		switch line := in.Text(); {
		case strings.HasPrefix(line, "Main benchmark duration is started"):
			begin = s.sample(0)
		case strings.HasPrefix(line, "Main benchmark duration is over"):
			end = s.sample(0)
		default:
			report.WriteString(line + "\n")
		}
	}
	if err = cmd.Wait(); ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", errNoFigures, ctx.Err())
	}
	if err == nil {
		end.requests, err = h2loadRequests(report.Bytes(), r.protocol)
	}
	if err != nil {
		err = fmt.Errorf("%s: h2load: %w\n%s%s", s.tool, err, report.Bytes(), errs.Bytes())
	}
	return begin, end, err
}

// h2loadArguments returns the arguments of a shell that starts h2load.
func h2loadArguments(r run, url string) []string {
	args := []string{"-c", `ulimit -n "$(ulimit -H -n)"; exec "$@"`, "sh", "h2load", "-t1",
		"-c" + strconv.Itoa(r.conns), "-m" + strconv.Itoa(r.streams), "-H", "accept-encoding: gzip",
		"--warm-up-time=" + milliseconds(r.warmUp), "--duration=" + milliseconds(r.length),
		"--base-uri=" + url, "--input-file=" + r.list}
	if r.protocol != http2 {
		args = append(args, "--h1")
	}
	if r.log != "" {
		args = append(args, "--log-file="+r.log)
	}
	return args
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

var (
	h2loadDone = regexp.MustCompile(`(?m)^requests: .* (\d+) done, (\d+) succeeded, ` +
		`0 failed, 0 errored, 0 timeout$`)
	h2loadSecure = regexp.MustCompile(`(?m)^Cipher: (\S+)(?:\n.*)?\nApplication protocol: (\S+)$`)
)

// h2loadRequests returns the number of requests in a report of h2load, all of which must have
// succeeded over the protocol that was meant.
func h2loadRequests(report []byte, protocol string) (int, error) {
	m := h2loadDone.FindSubmatch(report)
	if m == nil || string(m[1]) != string(m[2]) {
		return 0, errors.New("requests have failed")
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%w: no requests", errNoFigures)
	}
	if protocol == plainHTTP {
		return n, nil
	}
	want := map[string]string{https: "http/1.1", http2: "h2"}[protocol]
	if m := h2loadSecure.FindSubmatch(report); m == nil || string(m[1]) != cipherSuite ||
		string(m[2]) != want {
		return 0, fmt.Errorf("not %s over %s", want, cipherSuite)
	}
	return n, nil
}

// percentiles returns the median and the 99th percentile of the latencies in a log of h2load, whose
// lines have a start time, a status and the microseconds until the end of the answer. The status is
// 0 if the answer was not complete when the time was over.
func percentiles(log []byte) ([]measure.Value, error) {
	var all []float64
	for line := range strings.Lines(string(log)) {
		fields := strings.Fields(line)
		if len(fields) >= 3 && fields[1] == "0" {
			continue
		}
		if len(fields) < 3 || fields[1] != "200" {
			return nil, fmt.Errorf("h2load logs %q", line)
		}
		us, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return nil, fmt.Errorf("h2load logs %q", line)
		}
		all = append(all, us/1e6)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: h2load logs nothing", errNoFigures)
	}
	slices.Sort(all)
	return []measure.Value{
		{Of: all[len(all)/2], Unit: "p50-sec"}, {Of: all[len(all)*99/100], Unit: "p99-sec"},
	}, nil
}
