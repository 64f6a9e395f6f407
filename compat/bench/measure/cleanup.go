package measure

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Interrupted ends the process after an interrupt, and cleans up first.
func (b *Bench) Interrupted() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM)
	go func() {
		<-signals
		b.interrupted.Store(true)
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		b.cleanup()
		os.Exit(130)
	}()
}

// Cleanup ends all programs that this one has started, and removes the work directory.
func (b *Bench) Cleanup() {
	if b.interrupted.Load() {
		select {} // another goroutine is cleaning up
	}
	b.cleanup()
}

func (b *Bench) cleanup() {
	started := descendants()
	for _, pid := range started {
		_ = unix.Kill(pid, unix.SIGTERM) // fails if it has ended
	}
	for range 100 {
		started = slices.DeleteFunc(started, func(pid int) bool { return unix.Kill(pid, 0) != nil })
		if len(started) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	mounts, _ := os.ReadFile("/proc/mounts")
	for line := range strings.SplitSeq(string(mounts), "\n") {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], b.Work+"/") {
			_ = exec.Command("umount", f[1]).Run() // the removal below reports an error
		}
	}
	if err := os.RemoveAll(b.Work); err != nil {
		b.Logf("%v", err)
	}
}

// descendants returns the processes that this one has started, and their descendants.
func descendants() (pids []int) {
	below := map[string][]string{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		text, _ := os.ReadFile(name)
		// The line is "pid (name) state ppid"; the name may contain a bracket.
		rest := text[bytes.LastIndexByte(text, ')')+1:]
		if f := strings.Fields(string(rest)); len(f) > 1 && f[0] != "Z" {
			below[f[1]] = append(below[f[1]], filepath.Base(filepath.Dir(name)))
		}
	}
	next := below[strconv.Itoa(os.Getpid())]
	for len(next) > 0 {
		pid := next[0]
		next = append(next[1:], below[pid]...)
		if n, err := strconv.Atoi(pid); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}
