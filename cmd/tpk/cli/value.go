package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// kind are the types of the values of flags. A flag of a slice can be given several times, and each
// time adds one element.
type kind interface {
	bool | string | int | int64 | time.Duration | []string | []int
}

// The errors of values, in the words of package flag.
var (
	errParse = errors.New("parse error")
	errRange = errors.New("value out of range")
)

// value is the flag.Value of a flag, under all its names.
type value[T kind] struct {
	v   T
	set bool // v is not the default
}

// String implements flag.Value.
func (v *value[T]) String() string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v.v)
}

// IsBoolFlag makes package flag accept the flag without a value.
func (v *value[T]) IsBoolFlag() bool {
	_, ok := any(v.v).(bool)
	return ok
}

// Set implements flag.Value.
func (v *value[T]) Set(text string) (err error) {
	if !v.set {
		v.set = true
		switch p := any(&v.v).(type) {
		case *[]string:
			*p = nil
		case *[]int:
			*p = nil
		}
	}
	switch p := any(&v.v).(type) {
	case *bool:
		*p, err = strconv.ParseBool(text)
	case *string:
		*p = text
	case *int:
		*p, err = parseInt[int](text, strconv.IntSize)
	case *int64:
		*p, err = parseInt[int64](text, 64)
	case *time.Duration:
		*p, err = time.ParseDuration(text)
	case *[]string:
		*p = append(*p, strings.TrimSpace(text))
	case *[]int:
		var n int
		n, err = parseInt[int](strings.TrimSpace(text), strconv.IntSize)
		*p = append(*p, n)
	}
	if err != nil && !errors.Is(err, errRange) {
		err = errParse
	}
	return err
}

// parseInt parses a number of a number of bits, which may have the prefix 0x, 0o or 0b.
func parseInt[T int | int64](text string, bits int) (T, error) {
	n, err := strconv.ParseInt(text, 0, bits)
	if errors.Is(err, strconv.ErrRange) {
		err = errRange
	}
	return T(n), err
}
