//go:build unix

package terminal

import "log/syslog"

// SystemLog returns a function that writes lines to the log of the system.
func SystemLog() (func(line string), error) {
	w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_WARNING, "tpk")
	if err != nil {
		return nil, err
	}
	return func(line string) { _ = w.Warning(line) }, nil // nobody is there to be told of an error
}
