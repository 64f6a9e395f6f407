//go:build linux

package edit

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/tarpack/tpk/compat/tools"
	"golang.org/x/sys/unix"
)

// descriptorCalls are the calls that change a file or make it durable, with the position of the
// descriptor in their arguments. tpk writes files by no other calls.
var descriptorCalls = map[uint64]struct {
	name string
	arg  int
}{
	unix.SYS_WRITE: {"write", 0}, unix.SYS_PWRITE64: {"pwrite64", 0},
	unix.SYS_COPY_FILE_RANGE: {"copy_file_range", 2},
	unix.SYS_FTRUNCATE:       {"ftruncate", 0}, unix.SYS_FCHMOD: {"fchmod", 0},
	unix.SYS_FSYNC:     {"fsync", 0},
	unix.SYS_FDATASYNC: {"fdatasync", 0},
}

// nameCalls are the calls that change a directory.
var nameCalls = map[uint64]string{unix.SYS_RENAMEAT: "renameat", unix.SYS_RENAMEAT2: "renameat2",
	unix.SYS_UNLINKAT: "unlinkat"}

// syscallInfo is the struct of PTRACE_GET_SYSCALL_INFO (linux/ptrace.h), the same on every
// architecture.
type syscallInfo struct {
	op     uint8 // 1: the call begins, 2: it has returned
	_      [3]byte
	arch   uint32
	ip, sp uint64
	nr     uint64
	args   [6]uint64
	_      uint64
}

// A traced program is stopped before and after each call that changes something below dir.
type traced struct {
	dir string
	// gets "before write", "after fsync" and so on; true kills the program
	stop func(call string) (end bool)
	in   map[int]string // the call that each thread is in
	end  bool
}

// trace runs a program to its end. ptrace(2) holds the program while stop runs, so that nothing
// after the call has happened yet.
func trace(t testing.TB, dir string, stop func(call string) bool, argv ...string) tools.Result {
	t.Helper()
	runtime.LockOSThread() // tracing is bound to a thread
	defer runtime.UnlockOSThread()
	var outputs [2]*os.File
	for i := range outputs {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		outputs[i] = f
	}
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env: append(os.Environ(), "GOMAXPROCS=1"), Files: []uintptr{0, outputs[0].Fd(), outputs[1].Fd()},
		Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	tr := &traced{dir: dir, stop: stop, in: map[int]string{}}
	ws, err := tr.run(pid)
	if err != nil {
		_ = unix.Kill(pid, unix.SIGKILL) // the test ends anyway
		t.Fatalf("tracing %q: %v", argv, err)
	}
	r := tools.Result{Code: -1, Out: read(t, outputs[0].Name()), Err: read(t, outputs[1].Name()),
		Args: argv}
	if ws.Exited() {
		r.Code = ws.ExitStatus()
	}
	return r
}

// run follows the process, its threads and its children until the last of them is gone.
func (tr *traced) run(pid int) (result unix.WaitStatus, err error) {
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, unix.WALL, nil); err != nil {
		return 0, err
	}
	err = unix.PtraceSetOptions(pid,
		unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACEFORK|
			unix.PTRACE_O_TRACEVFORK|unix.PTRACE_O_TRACEEXEC|unix.PTRACE_O_EXITKILL)
	if err != nil {
		return 0, err
	}
	known := map[int]bool{pid: true}
	for at, signal := pid, 0; ; {
		// ESRCH: it was killed
		if err := unix.PtraceSyscall(at, signal); err != nil && !errors.Is(err, unix.ESRCH) {
			return 0, err
		}
		for {
			at, err = unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD, nil)
			if errors.Is(err, unix.ECHILD) {
				return result, nil
			} else if err != nil && !errors.Is(err, unix.EINTR) {
				return 0, err
			}
			if err == nil && !ws.Exited() && !ws.Signaled() {
				break
			}
			if at == pid {
				result = ws
			}
			delete(known, at)
		}
		signal = 0
		switch sig := ws.StopSignal(); {
		case tr.end: // it is dying
		case sig == unix.SIGTRAP|0x80:
			if tr.call(at) {
				tr.end = true
				for id := range known {
					_ = unix.Kill(id, unix.SIGKILL) // threads of one process may be gone with the first
				}
			}
		case ws.TrapCause() > 0: // a new thread, or exec
		case !known[at] && sig == unix.SIGSTOP: // its first stop
		default:
			signal = int(sig)
		}
		known[at] = true
	}
}

// call passes the call that the thread is about to make, or has made, to stop.
func (tr *traced) call(thread int) (end bool) {
	var info syscallInfo
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(thread),
		unsafe.Sizeof(info),
		uintptr(unsafe.Pointer(&info)), 0, 0); errno != 0 {
		return false // it is gone
	}
	if info.op != 1 {
		name := tr.in[thread]
		delete(tr.in, thread)
		return name != "" && tr.stop("after "+name)
	}
	name := nameCalls[info.nr]
	if c, ok := descriptorCalls[info.nr]; ok && below(tr.dir, thread, int(int32(info.args[c.arg]))) {
		name = c.name
	}
	tr.in[thread] = name
	return name != "" && tr.stop("before "+name)
}

// below reports whether a descriptor of a thread refers to dir or something below it.
func below(dir string, thread, fd int) bool {
	name, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(thread), "fd", strconv.Itoa(fd)))
	return err == nil && (name == dir || strings.HasPrefix(name, dir+"/"))
}
