//go:build !linux

package http1

import "context"

// loopState is empty: without event loops every connection has a goroutine.
type loopState struct{}

// ToLoop returns false.
func (*Conn) ToLoop() bool { return false }

// Alive returns nil: there is no event loop that could hang.
func Alive(context.Context) error { return nil }

func (*Conn) goBack()        {}
func (*Conn) upgradeInLoop() {}
