//go:build !linux

package tartest

import "errors"

func mountTmpfs(string) error { return errors.ErrUnsupported }

func mountFile(_, _ string) error { return errors.ErrUnsupported }

func unmount(string) error { return errors.ErrUnsupported }
