package background

import "golang.org/x/sys/unix"

// lowest is the nice value of the lowest priority.
const lowest = 19

// lower changes the calling thread alone: Linux has a nice value for each (setpriority(2), "C
// library/kernel differences"). It is no error if that fails.
func lower() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), lowest) }
