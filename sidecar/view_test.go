package sidecar

import (
	"runtime/debug"
	"testing"
)

// TestOtherPanics: a panic that is not such a fault goes on, and so does a fault elsewhere.
func TestOtherPanics(t *testing.T) {
	x := &Index{mem: make([]byte, 1000)}
	for what, cause := range map[string]func(){
		"a panic":     func() { panic("other") },
		"nil pointer": func() { var p *Entry; p.Offset++ },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken for a fault in the file", what)
				}
			}()
			func() (err error) {
				defer x.caught(debug.SetPanicOnFault(true), &err)
				cause()
				return nil
			}()
		}()
	}
}
