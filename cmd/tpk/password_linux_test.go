package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// encryptedKey is a secret key with a password, made by minisign -G.
const encryptedKey = `untrusted comment: minisign encrypted secret key
RWRTY0IyxsClP2XDxay0cdN/5D/pVV7AyK1mHpUtlMbpGf3/ecQAAAACAAAAAAAAAEAAAAAAPj7Jdegq` +
	`Pui32BDKIV57PLEBj7pVuRIbxDvSfWasyx/Xep4QNyAf2P8mm7RatTjkYwQNWGjKBhKBqGpi2CLeBFFP` +
	`KCJWK/a5LZaLdwgtgpeKtSwFahDU+zVGqZFtSKqvcmBt+o5oeOw=
`

// TestPasswordEnds ends the question for a password on a terminal without one. The terminal then
// shows again what is typed.
func TestPasswordEnds(t *testing.T) {
	// Under nohup(1), programs that are started here would ignore SIGHUP, too.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	const none = "tpk: KEY: the key is encrypted, and there is no password"
	for _, c := range []struct {
		what, typed string
		signal      syscall.Signal
		code        int
		message     string // on standard error, after the question
	}{
		{"Ctrl-D", "\x04", 0, 1, none},
		{"Ctrl-D after a line that is taken back", "half\x15\x04", 0, 1, none},
		{"Ctrl-C", "\x03", 0, 130, ""},
		{"Ctrl-C within a line", "half\x03", 0, 130, ""},
		{"Ctrl-D within a line, then Ctrl-C", "half\x04\x03", 0, 130, ""},
		{"Ctrl-\\", "\x1c", 0, 131, ""},
		{"SIGTERM", "", syscall.SIGTERM, 143, ""},
		{"SIGHUP", "half", syscall.SIGHUP, 129, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			key := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(key, []byte(encryptedKey), 0o600); err != nil {
				t.Fatal(err)
			}
			master, terminal := openTerminal(t)
			stderr, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer stderr.Close()
			cmd := exec.Command("tpk", "sign", "--secret-key", key, "x.tar.gz")
			cmd.Stdin, cmd.Stderr = terminal, w
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			question := fmt.Sprintf("Password of %s: ", key)
			asked := make([]byte, len(question))
			if _, err := io.ReadFull(stderr, asked); err != nil || string(asked) != question {
				t.Fatalf("%q, %v", asked, err)
			}
			if echoes(t, terminal) {
				t.Error("the terminal shows the password")
			}
			if _, err := master.WriteString(c.typed); err != nil {
				t.Fatal(err)
			}
			if c.signal != 0 {
				if err := cmd.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
			}
			said, err := io.ReadAll(stderr)
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
				t.Fatal(err)
			}
			message := strings.ReplaceAll(string(said), key, "KEY")
			if code := cmd.ProcessState.ExitCode(); code != c.code ||
				!strings.HasPrefix(message, "\n"+c.message) || strings.Count(message, "\n") > 2 {
				t.Errorf("exit code %d, want %d; standard error %q", code, c.code, message)
			}
			if !echoes(t, terminal) {
				t.Error("the terminal does not show what is typed afterwards")
			}
		})
	}
}

// openTerminal opens a pseudo-terminal, the master and what a program uses.
func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return master, terminal
}

// echoes reports whether a terminal shows what is typed.
func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}
