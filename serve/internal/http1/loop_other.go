//go:build !linux

package http1

// loopState is empty: without event loops every connection has a goroutine.
type loopState struct{}

// ToLoop returns false.
func (*Conn) ToLoop() bool   { return false }
func (*Conn) goBack()        {}
func (*Conn) upgradeInLoop() {}
