//go:build !unix

package terminal

import "errors"

func echoOff(int) error { return errors.ErrUnsupported }
