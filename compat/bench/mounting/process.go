package mounting

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// process is the id of the process that serves a mount; 0 for a file system of the kernel.
type process int

// processOf finds the process with the directory in its command line.
func processOf(mnt string) (process, error) {
	list, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, err
	}
	for _, name := range list {
		b, _ := os.ReadFile(name) // it may have ended
		if bytes.Contains(b, []byte(mnt+"\x00")) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			return process(pid), err
		}
	}
	return 0, nil
}

// during returns the wall time of do, the CPU time of the process, of this one and of its children
// meanwhile, and the peak memory of the process so far.
func (p process) during(do func() error) ([]measure.Value, error) {
	before, err := p.cpu()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := do(); err != nil {
		return nil, err
	}
	wall := time.Since(start)
	after, err := p.cpu()
	if err != nil {
		return nil, err
	}
	values := []measure.Value{{Of: wall.Seconds(), Unit: "sec/op"},
		{Of: (after - before).Seconds(), Unit: "cpu-sec/op"}}
	if p == 0 {
		return values, nil
	}
	peak, err := p.peak()
	return append(values, measure.Value{Of: peak, Unit: "peak-B"}), err
}

// cpu returns the CPU time of the process, of this one and of its children.
func (p process) cpu() (total time.Duration, err error) {
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if err := unix.Getrusage(who, &u); err != nil {
			return 0, err
		}
		total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	if p == 0 {
		return total, nil
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
	if err != nil {
		return 0, err
	}
	// The name may have blanks. Behind it stand fields 3 and so on; 14 and 15 are ticks.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	for _, f := range fields[11:13] {
		ticks, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(ticks) * time.Second / 100
	}
	return total, nil
}

// peak returns the largest memory that the process had, in bytes.
func (p process) peak() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	field, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseFloat(field, 64)
	return kib * 1024, err
}
