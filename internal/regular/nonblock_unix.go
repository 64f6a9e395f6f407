//go:build unix

package regular

import "syscall"

// nonblock is a flag for opening a file that makes a FIFO open at once. It means nothing for a
// regular file.
const nonblock = syscall.O_NONBLOCK
