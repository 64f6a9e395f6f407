//go:build !linux

package engine

// Without event loops every connection has a goroutine.
type (
	turn  struct{ parked bool }
	loops struct{}
)

func (*Engine) toLoop(*conn) bool { return false }
func (*Engine) stopLoops()        {}
func (*conn) goBack()             {}
func (*conn) detach() error       { return nil }
