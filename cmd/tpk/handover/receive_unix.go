//go:build unix

package handover

import (
	"encoding/json"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve"
)

// firstFD is the descriptor of the line.
const firstFD = 3

// Line leads to the former process. A nil Line leads nowhere.
type Line struct{ file *os.File }

// Receive sets what run has from a former process, and returns the line to it. Without a former
// process it changes nothing, and the line is nil. It may be called once.
func Receive(run *serve.RunOptions) (*Line, error) {
	value, ok := os.LookupEnv(variable)
	if !ok {
		return nil, nil
	}
	if err := os.Unsetenv(variable); err != nil {
		return nil, err
	}
	line, err := receive(value, run)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return line, nil
}

// receive is Receive with the value of the variable.
func receive(value string, run *serve.RunOptions) (*Line, error) {
	var names []string
	if err := json.Unmarshal([]byte(value), &names); err != nil {
		return nil, err
	}
	for i := range 1 + len(names) {
		unix.CloseOnExec(firstFD + i)
	}
	if err := unix.SetNonblock(firstFD, true); err != nil {
		return nil, err
	}
	line := &Line{os.NewFile(firstFD, "line")}
	for i, name := range names {
		f := os.NewFile(uintptr(firstFD+1+i), name)
		ln, err := net.FileListener(f)
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		run.Former = append(run.Former, serve.NamedListener{Name: name, Listener: ln})
	}
	var err error
	run.FormerArchives, err = readArchives(line.file)
	return line, err
}

// Ready makes the former process accept no more connections, and waits until it has confirmed that,
// or has ended. The line stays open until this process ends.
func (l *Line) Ready() {
	if l == nil {
		return
	}
	var b [1]byte
	if _, err := l.file.Write([]byte{1}); err == nil {
		_, _ = l.file.Read(b[:])
	}
}
