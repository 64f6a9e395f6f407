package terminal

import "time"

// LogTime returns the time for the beginning of a line of a log.
func LogTime() string { return time.Now().Format(time.DateTime) }
