package terminal

import "golang.org/x/sys/windows"

// echoOff lets a console pass on whole lines and show nothing of them. Ctrl-C still interrupts, and
// Ctrl-Z ends the input.
func echoOff(fd int) error {
	console := windows.Handle(fd)
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return err
	}
	mode &^= windows.ENABLE_ECHO_INPUT
	mode |= windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_LINE_INPUT
	return windows.SetConsoleMode(console, mode)
}
