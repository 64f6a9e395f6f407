package cli

import (
	"context"
	"flag"
	"fmt"
	"time"
)

// Context is one run of a command: its flags, its arguments, and when it must end. Flags are also
// those of the application, which were given before the command.
type Context struct {
	context.Context
	App     *App
	Command *Command

	set    *flag.FlagSet
	parent *Context
}

// Args returns the arguments.
func (c *Context) Args() Args { return c.set.Args() }

// NArg returns the number of arguments.
func (c *Context) NArg() int { return c.set.NArg() }

// Args are arguments of a command.
type Args []string

// First returns the first argument, or "".
func (a Args) First() string {
	if len(a) == 0 {
		return ""
	}
	return a[0]
}

// Present reports whether there are arguments.
func (a Args) Present() bool { return len(a) > 0 }

// Slice returns the arguments in a slice that the caller may change.
func (a Args) Slice() []string { return append([]string(nil), a...) }

// Lineage returns c, and then the context of the application.
func (c *Context) Lineage() []*Context {
	var all []*Context
	for ; c != nil; c = c.parent {
		all = append(all, c)
	}
	return all
}

// lookup returns the flag with a name, or nil.
func (c *Context) lookup(name string) *flag.Flag {
	for ; c != nil; c = c.parent {
		if f := c.set.Lookup(name); f != nil {
			return f
		}
	}
	return nil
}

// IsSet reports whether a flag was given, under any of its names, or set by Set.
func (c *Context) IsSet(name string) bool {
	f := c.lookup(name)
	if f == nil {
		return false
	}
	v, ok := f.Value.(interface{ isSet() bool })
	return ok && v.isSet()
}

func (v *value[T]) isSet() bool { return v.set }

// Set sets a flag as if it had been given.
func (c *Context) Set(name, text string) error {
	f := c.lookup(name)
	if f == nil {
		return fmt.Errorf("no such flag: %s", name)
	}
	return f.Value.Set(text)
}

// valueOf returns the value of a flag, or the zero value if there is no such flag of that type.
func valueOf[T kind](c *Context, name string) T {
	if f := c.lookup(name); f != nil {
		if v, ok := f.Value.(*value[T]); ok {
			return v.v
		}
	}
	var none T
	return none
}

// Bool returns the value of a BoolFlag.
func (c *Context) Bool(name string) bool { return valueOf[bool](c, name) }

// String returns the value of a StringFlag.
func (c *Context) String(name string) string { return valueOf[string](c, name) }

// Int returns the value of an IntFlag.
func (c *Context) Int(name string) int { return valueOf[int](c, name) }

// Int64 returns the value of an Int64Flag.
func (c *Context) Int64(name string) int64 { return valueOf[int64](c, name) }

// Duration returns the value of a DurationFlag.
func (c *Context) Duration(name string) time.Duration { return valueOf[time.Duration](c, name) }

// StringSlice returns the values of a StringSliceFlag.
func (c *Context) StringSlice(name string) []string { return valueOf[[]string](c, name) }

// IntSlice returns the values of an IntSliceFlag.
func (c *Context) IntSlice(name string) []int { return valueOf[[]int](c, name) }
