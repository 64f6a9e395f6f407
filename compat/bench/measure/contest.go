package measure

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Contestant is a command line that does the same work as the others of its contest.
type Contestant struct {
	Tool    string   // its name in results: letters, digits and dashes
	Command []string // what is measured
	Once    bool     // one run is enough, because it takes long
	Per     int      // number of items that the times are divided by; 0 means 1

	Prepare func() error            // before each run, not measured
	Check   func([]Value) error     // after each run, not measured; an error rejects the run
	Add     func() ([]Value, error) // further figures of a run, such as the size of its result
}

// A Value is a figure and its unit.
type Value struct {
	Of   float64
	Unit string
}

// Contest runs each contestant once a round, starting with another one each time, so that other
// load on the machine affects all alike. The name begins with the family, as in Pack/tree=rust-doc.
func (b *Bench) Contest(name string, rounds int, all []Contestant) error {
	if !b.Wanted(name) {
		return nil
	}
	b.Logf("%s: %d rounds", name, rounds)
	for i := range rounds {
		for j := range all {
			c := &all[(i+j)%len(all)]
			if c.Once && i > 0 {
				continue
			}
			if err := b.contestant(name, c); err != nil {
				return fmt.Errorf("%s: %s: %w", name, c.Tool, err)
			}
		}
	}
	return b.Results.Save()
}

func (b *Bench) contestant(name string, c *Contestant) error {
	if c.Prepare != nil {
		if err := c.Prepare(); err != nil {
			return err
		}
	}
	unix.Sync() // a contestant does not pay for the writes of another
	values, err := Execute(c.Command...)
	if err != nil {
		return err
	}
	for i, v := range values {
		if c.Per > 1 && strings.HasSuffix(v.Unit, "sec/op") {
			values[i].Of = v.Of / float64(c.Per)
		}
	}
	if c.Add != nil {
		more, err := c.Add()
		if err != nil {
			return err
		}
		values = append(values, more...)
	}
	if c.Check != nil {
		if err := c.Check(values); err != nil {
			return err
		}
	}
	b.Results.Record(name, c.Tool, values...)
	var line strings.Builder
	for _, v := range values {
		fmt.Fprintf(&line, "  %s", Format(v))
	}
	b.Logf("  %-18s%s", c.Tool, line.String())
	return nil
}

// Execute runs a command and measures wall time, CPU time including that of its children, and the
// memory of the largest process.
func Execute(command ...string) ([]Value, error) {
	// A process that Go starts inherits Go's peak memory, which it shares until exec. GNU time
	// forks once more, so that the peak is the command's.
	peak := ""
	if gnu, err := exec.LookPath("time"); err == nil {
		f, err := os.CreateTemp("", "bench-")
		if err != nil {
			return nil, err
		}
		f.Close()
		peak = f.Name()
		defer os.Remove(peak)
		command = append([]string{gnu, "-q", "-f", "%M", "-o", peak}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%q: %w\n%s", command, err, errs.Bytes())
	}
	wall, cpu := time.Since(start), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	values := []Value{{wall.Seconds(), "sec/op"}, {cpu.Seconds(), "cpu-sec/op"}}
	if peak != "" {
		text, err := os.ReadFile(peak)
		if err != nil {
			return nil, err
		}
		if kib, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64); err == nil {
			values = append(values, Value{kib * 1024, "peak-B"})
		}
	}
	return values, nil
}

// Size returns the total size of files.
func Size(names ...string) (Value, error) {
	total := int64(0)
	for _, name := range names {
		fi, err := os.Stat(name)
		if err != nil {
			return Value{}, err
		}
		total += fi.Size()
	}
	return Value{float64(total), "B"}, nil
}
