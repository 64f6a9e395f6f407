package sidecar_test

import (
	"errors"
	"testing"

	"github.com/tarpack/tpk/sidecar"
)

// anyDamage is an error as a package above would define it, to stand for damage of every kind.
type anyDamage struct{}

func (anyDamage) Error() string { return "damaged" }
func (anyDamage) AnyDamage()    {}

// TestErrCorrupt: an error that stands for damage of every kind finds this one.
func TestErrCorrupt(t *testing.T) {
	_, err := sidecar.OpenBytes(nil)
	for target, want := range map[error]bool{
		sidecar.ErrCorrupt: true, anyDamage{}: true, errors.New("other"): false,
	} {
		if got := errors.Is(err, target); got != want {
			t.Errorf("errors.Is(%q, %q) is %v", err, target, got)
		}
	}
	if errors.Is(sidecar.ErrVersion, anyDamage{}) {
		t.Errorf("%v is damage", sidecar.ErrVersion)
	}
}
