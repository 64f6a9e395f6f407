package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// A contestant is a command line that does the same as the others of its contest.
type contestant struct {
	name    string
	command []string
	prepare func() error // before each run, not timed
	runs    []figures
}

// figures are those of one run.
type figures struct {
	wall, cpu time.Duration
	memory    int64 // bytes, of the largest process
}

// execute runs a command and measures it.
func execute(command ...string) (figures, error) {
	cmd := exec.Command(command[0], command[1:]...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return figures{}, fmt.Errorf("%q: %w\n%s", command, err, errs.Bytes())
	}
	f := figures{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.memory = ru.Maxrss << 10 // Linux counts KiB
	}
	return f, nil
}

// contest runs the contestants in turn, each once to warm up and then as often as asked for, and prints their medians.
func contest(runs int, all []*contestant) error {
	for i := range runs + 1 {
		for _, c := range all {
			if c.prepare != nil {
				if err := c.prepare(); err != nil {
					return err
				}
			}
			syscall.Sync() // nobody pays for what the one before has written
			f, err := execute(c.command...)
			if err != nil {
				return err
			}
			if i > 0 {
				c.runs = append(c.runs, f)
			}
		}
	}
	fmt.Printf("\n%-28s %8s %8s %8s %8s %8s %10s   (medians of %d; × is the first one's share)\n", "", "wall s", "×", "least s", "CPU s", "×", "memory MB", runs)
	first := all[0]
	for _, c := range all {
		fmt.Printf("%-28s %8.2f %8.2f %8.2f %8.2f %8.2f %10.1f\n",
			c.name, c.wall(), first.wall()/c.wall(), c.least(), c.cpu(), first.cpu()/c.cpu(), c.memory()/1e6)
	}
	return nil
}

// median returns the middle of a figure over the runs.
func (c *contestant) median(of func(figures) float64) float64 {
	var all []float64
	for _, f := range c.runs {
		all = append(all, of(f))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func (c *contestant) wall() float64 {
	return c.median(func(f figures) float64 { return f.wall.Seconds() })
}

func (c *contestant) cpu() float64 {
	return c.median(func(f figures) float64 { return f.cpu.Seconds() })
}

func (c *contestant) memory() float64 {
	return c.median(func(f figures) float64 { return float64(f.memory) })
}

// least is the shortest wall time, the one that other programs disturbed least.
func (c *contestant) least() float64 {
	least := c.runs[0].wall
	for _, f := range c.runs {
		least = min(least, f.wall)
	}
	return least.Seconds()
}
