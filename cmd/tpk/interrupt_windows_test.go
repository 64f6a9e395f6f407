package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

// TestInterrupt: Ctrl-C ends a command, and nothing is left behind.
func TestInterrupt(t *testing.T) {
	// The event reaches all processes of a console: this one gets a console for itself.
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	_, _, _ = kernel.NewProc("FreeConsole").Call() // fails if there is none
	if ok, _, err := kernel.NewProc("AllocConsole").Call(); ok == 0 {
		t.Skip("no console can be made: ", err)
	}
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt)
	defer signal.Stop(caught)
	dir := t.TempDir()
	cmd := exec.Command("tpk", "convert", "-", filepath.Join(dir, "out.tar.gz"))
	in, err := cmd.StdinPipe() // without an end
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	for temp := filepath.Join(dir, ".out.tar.gz.tpk-tmp"); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(temp); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("it ended with %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
