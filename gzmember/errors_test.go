package gzmember

import (
	"errors"
	"fmt"
	"testing"
)

// damageError is an error as a package above would define it, to stand for damage of every kind.
type damageError struct{}

func (damageError) Error() string { return "damaged" }
func (damageError) AnyDamage()    {}

// TestErrCorrupt: an error that stands for damage of every kind finds this one.
func TestErrCorrupt(t *testing.T) {
	_, err := ParseHeader([]byte("not a member"))
	for target, want := range map[error]bool{
		ErrCorrupt: true, damageError{}: true, errors.New("other"): false,
	} {
		if got := errors.Is(err, target); got != want {
			t.Errorf("errors.Is(%q, %q) is %v", err, target, got)
		}
	}
	other := fmt.Errorf("wrapped: %w", ErrTruncated)
	if errors.Is(other, damageError{}) {
		t.Errorf("%v is damage", other)
	}
}
