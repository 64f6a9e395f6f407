//go:build !linux

package respond

// PrepareAtOnce returns false: without event loops every answer may wait.
func (r *Responder) PrepareAtOnce(*Exchange) bool { return false }

// BodyAtOnce returns false.
func (x *Exchange) BodyAtOnce() bool { return false }

// BodyUnchecked returns false.
func (x *Exchange) BodyUnchecked() bool { return false }
