package serving

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tarpack/tpk/compat/bench/measure"
)

var (
	requestsIn = regexp.MustCompile(`(\d+) requests in`)
	perSecond  = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	percentile = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([\d.]+)(us|ms|s)`)
)

// wrkScript returns a script that asks for the files of a list in turn. With MARKS in the
// environment, it prints the number of requests so far after every 1,000, and waits for a line.
func wrkScript(list string) []byte {
	return fmt.Appendf(nil, `local u, i, h = {}, 0, {["Accept-Encoding"] = "gzip"}
for line in io.lines(%q) do u[#u + 1] = line end
request = function() i = i %% #u + 1; return wrk.format("GET", u[i], h) end
if os.getenv("MARKS") then
  local ask, n = request, 0
  request = function()
    n = n + 1
    if n %% 1000 == 0 then
      io.stdout:write(n, "\n")
      io.stdout:flush()
      io.stdin:read("*l")
    end
    return ask()
  end
end
`, list)
}

// ask lets wrk send requests to a server for a while.
func (s *server) ask(list string, connections int, d time.Duration) ([]measure.Value, error) {
	before := s.cpu()
	// wrk counts whole seconds, so a signal ends it, after which it prints its report.
	out, err := exec.Command("timeout", "--foreground", "-s", "INT",
		fmt.Sprintf("%.3f", d.Seconds()+0.05),
		"sh", "-c", `ulimit -n "$(ulimit -H -n)"; exec "$@"`, "sh",
		"wrk", "--latency", "-t1", "-c"+strconv.Itoa(connections), "-d3600s", "-s", list+".lua",
		"http://"+s.address).CombinedOutput()
	cpu := s.cpu() - before
	n, ok := number(requestsIn, out)
	rate, ok2 := number(perSecond, out)
	if !ok || !ok2 || n == 0 || strings.Contains(string(out), "Non-2xx") {
		return nil, fmt.Errorf("%s: wrk: %w\n%s", s.tool, err, out)
	}
	values := []measure.Value{{Of: cpu.Seconds() / n, Unit: "cpu-sec/op"}, {Of: rate, Unit: "req/s"}}
	for _, m := range percentile.FindAllSubmatch(out, -1) {
		x, _ := strconv.ParseFloat(string(m[2]), 64)
		x *= map[string]float64{"us": 1e-6, "ms": 1e-3, "s": 1}[string(m[3])]
		values = append(values, measure.Value{Of: x, Unit: "p" + string(m[1]) + "-sec"})
	}
	return append(values, measure.Value{Of: s.memory(), Unit: "rss-B"}), nil
}

// wrkCost returns what a request costs a server over HTTP/1.1, and how many were sent a second.
// Requests before the end of the warm-up do not count.
func (s *server) wrkCost(r run) ([]measure.Value, error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.warmUp+r.length+patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -n "$(ulimit -H -n)"; exec "$@"`, "sh",
		"wrk", "-t1", "-c"+strconv.Itoa(r.conns), "-d3600s", "-s", r.list+".lua", s.url())
	cmd.Env = append(os.Environ(), "MARKS=1")
	var report, errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	proceed, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var begin, end sample
	for in := bufio.NewScanner(out); in.Scan(); {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			report.WriteString(in.Text() + "\n")
			continue
		}
		switch {
		case begin.requests == 0:
			// Each connection is open once it has sent some requests.
			if time.Since(start) >= r.warmUp && n >= 4*r.conns {
				begin = s.sample(n)
			}
		case end.requests == 0 && time.Since(begin.time) >= r.length:
			end = s.sample(n)
			// wrk counts whole seconds, so a signal ends it, after which it prints its report.
			_ = cmd.Process.Signal(os.Interrupt)
		}
		_, _ = io.WriteString(proceed, "\n") // fails if wrk has ended
	}
	if err = cmd.Wait(); ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", errNoFigures, ctx.Err())
	}
	if err == nil && (end.requests == 0 || wrkFailed.MatchString(report.String())) {
		err = errors.New("requests have failed")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: wrk: %w\n%s%s", s.tool, err, report.Bytes(), errs.Bytes())
	}
	return costs(begin, end), nil
}

// wrkFailed matches the report of requests that failed. Those that took long are no failure.
var wrkFailed = regexp.MustCompile(
	`Non-2xx|Socket errors: (connect [1-9]|connect 0, (read [1-9]|read 0, write [1-9]))`)

func number(re *regexp.Regexp, text []byte) (float64, bool) {
	m := re.FindSubmatch(text)
	if m == nil {
		return 0, false
	}
	x, err := strconv.ParseFloat(string(m[1]), 64)
	return x, err == nil
}
