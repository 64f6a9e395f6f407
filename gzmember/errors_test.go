package gzmember

import (
	"errors"
	"testing"
)

// anyDamage is an error as a package above would define it, to stand for damage of every kind.
type anyDamage struct{}

func (anyDamage) Error() string { return "damaged" }
func (anyDamage) AnyDamage()    {}

// TestErrCorrupt: an error that stands for damage of every kind finds this one.
func TestErrCorrupt(t *testing.T) {
	_, err := ParseHeader([]byte("not a member"))
	for target, want := range map[error]bool{
		ErrCorrupt: true, anyDamage{}: true, errors.New("other"): false,
	} {
		if got := errors.Is(err, target); got != want {
			t.Errorf("errors.Is(%q, %q) is %v", err, target, got)
		}
	}
	if errors.Is(ErrTruncated, anyDamage{}) {
		t.Errorf("%v is damage", ErrTruncated)
	}
}
