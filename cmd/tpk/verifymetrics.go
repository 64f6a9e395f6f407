package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/internal/osfile"
)

// verifiedMetrics is a file with the results of checks, in the text format of Prometheus.
type verifiedMetrics struct{ name string }

// verifiedSeries are the metrics of the file, in its order.
var verifiedSeries = []struct{ name, help string }{
	{"tpk_verify_timestamp_seconds", "When the archive was last checked."},
	{"tpk_verify_last_success_timestamp_seconds", "When the archive was last found in order."},
}

// parseMetrics returns the file that --metrics names, or nil.
func parseMetrics(c *cli.Context) (*verifiedMetrics, error) {
	name := c.String("metrics")
	switch {
	case !c.IsSet("metrics"):
		return nil, nil
	case name == "":
		return nil, report.Usagef("verify: --metrics : must be the name of a file")
	case name == "-":
		return nil, report.Usagef("verify: '-': it doesn't write to standard output:" +
			" name a file, or ./- for one of that name")
	}
	return &verifiedMetrics{name: name}, nil
}

// note writes the result of a check to the file. What it has of other archives stays. After a check
// that has failed, the time of the last good one stays, too.
func (v *verifiedMetrics) note(archive string, failed error) error {
	full, err := filepath.Abs(archive)
	if err != nil {
		return err
	}
	had, err := v.read()
	if err != nil {
		return err
	}
	label := `{path="` + metricEscapes.Replace(strings.ToValidUTF8(full, "\uFFFD")) + `"}`
	now := strconv.FormatInt(time.Now().Unix(), 10)
	for i, s := range verifiedSeries {
		if i == 0 || failed == nil {
			had[s.name+label] = now
		} else if had[s.name+label] == "" {
			had[s.name+label] = "0"
		}
	}
	return v.write(had)
}

var metricEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// foreign is the error for a file that has anything else in it, which must not be written over.
func (v *verifiedMetrics) foreign() error {
	return report.WithHint(fmt.Errorf("%s: is not a file of verify --metrics", report.Quote(v.name)),
		"choose another name")
}

// read returns the values in the file, by metric and label.
func (v *verifiedMetrics) read() (map[string]string, error) {
	had := map[string]string{}
	fi, err := os.Stat(v.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return had, nil
	case err != nil:
		return nil, err
	case !fi.Mode().IsRegular():
		return nil, v.foreign()
	}
	f, err := os.Open(v.name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "# HELP tpk_verify_") ||
			strings.HasPrefix(line, "# TYPE tpk_verify_") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || !strings.HasPrefix(line, "tpk_verify_") {
			return nil, v.foreign()
		}
		if _, err := strconv.ParseInt(line[at+1:], 10, 64); err != nil {
			return nil, v.foreign()
		}
		had[line[:at]] = line[at+1:]
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, v.foreign()
	}
	return had, lines.Err()
}

// write replaces the file at once, as the collector may read it at any moment.
func (v *verifiedMetrics) write(values map[string]string) error {
	f, err := osfile.NewPending(filepath.Dir(v.name), ".tpk-verify")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, s := range verifiedSeries {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n", s.name, s.help, s.name)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if strings.HasPrefix(key, s.name+"{") {
				fmt.Fprintf(w, "%s %s\n", key, values[key])
			}
		}
	}
	if err = w.Flush(); err == nil {
		err = f.Replace(v.name)
	}
	if err != nil {
		return errors.Join(err, f.Cleanup())
	}
	return nil
}
