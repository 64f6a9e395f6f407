//go:build !linux

package engine

// Without event loops every connection has a goroutine.
type turn struct{ parked bool }

func (*Engine) toLoop(*conn) bool { return false }
func (*conn) goBack()             {}
func (*conn) detach() error       { return nil }
