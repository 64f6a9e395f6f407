//go:build unix

package terminal

import "golang.org/x/sys/unix"

// echoOff lets a terminal pass on whole lines and show nothing of them. Ctrl-C and the like still
// send their signals, and Ctrl-D ends the input.
func echoOff(fd int) error {
	state, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return err
	}
	state.Lflag &^= unix.ECHO
	state.Lflag |= unix.ICANON | unix.ISIG
	state.Iflag |= unix.ICRNL
	return unix.IoctlSetTermios(fd, setTermios, state)
}
