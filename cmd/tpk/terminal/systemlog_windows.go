package terminal

import "errors"

// SystemLog returns errors.ErrUnsupported: the event log takes no lines of programs that were not
// registered.
func SystemLog() (func(line string), error) { return nil, errors.ErrUnsupported }
