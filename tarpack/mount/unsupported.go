//go:build !linux && !darwin

package mount

import "context"

// Supported says whether tpk can mount on this system.
const Supported = false

// Mount is what Start has mounted.
type Mount struct{}

// Start returns ErrUnsupported.
func Start(context.Context, string, Options) (*Mount, error) { return nil, ErrUnsupported }

// Wait returns nil.
func (*Mount) Wait() error { return nil }

// Unmount returns ErrUnsupported.
func (*Mount) Unmount() error { return ErrUnsupported }

// Unmount returns ErrUnsupported.
func Unmount(string) error { return ErrUnsupported }
