package cli

import (
	"flag"
	"fmt"
	"time"
)

// A Flag is a flag of a command, a pointer to one of the types below.
type Flag interface {
	// Names returns the names, without dashes, the long one first.
	Names() []string
	// About returns what help has about the flag.
	About() About
	// Hide removes the flag from help.
	Hide()
	// RunAction checks the value.
	RunAction(c *Context) error

	define(set *flag.FlagSet)
}

// About is what help has about a flag.
type About struct {
	Usage      string // the name of the value is in backquotes
	Default    string // "" for none
	TakesValue bool
	Hidden     bool
}

// The types of flags.
type (
	BoolFlag        = FlagOf[bool]
	StringFlag      = FlagOf[string]
	IntFlag         = FlagOf[int]
	Int64Flag       = FlagOf[int64]
	DurationFlag    = FlagOf[time.Duration]
	StringSliceFlag = FlagOf[[]string]
	IntSliceFlag    = FlagOf[[]int]
)

// FlagOf is a flag with a value of a type.
type FlagOf[T kind] struct {
	Name        string
	Aliases     []string
	Usage       string
	Value       T      // the default
	DefaultText string // in place of Value in help
	Hidden      bool
	// Action, if not nil, checks a value that was given.
	Action func(*Context, T) error
}

// HelpFlag and VersionFlag are flags that applications have. Commands have HelpFlag.
var (
	HelpFlag    Flag = &BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show help"}
	VersionFlag Flag = &BoolFlag{Name: "version", Aliases: []string{"v"}, Usage: "print the version"}
)

// Names implements Flag.
func (f *FlagOf[T]) Names() []string { return append([]string{f.Name}, f.Aliases...) }

// Hide implements Flag.
func (f *FlagOf[T]) Hide() { f.Hidden = true }

// About implements Flag.
func (f *FlagOf[T]) About() About {
	a := About{Usage: f.Usage, Default: f.DefaultText, TakesValue: true, Hidden: f.Hidden}
	switch v := any(f.Value).(type) {
	case bool:
		a.TakesValue = false
	case int, int64, string, time.Duration:
		if a.Default == "" {
			a.Default = fmt.Sprint(v)
		}
	}
	return a
}

// RunAction implements Flag.
func (f *FlagOf[T]) RunAction(c *Context) error {
	if f.Action == nil {
		return nil
	}
	return f.Action(c, valueOf[T](c, f.Name))
}

func (f *FlagOf[T]) define(set *flag.FlagSet) {
	v := &value[T]{v: f.Value}
	for _, name := range f.Names() {
		set.Var(v, name, f.Usage)
	}
}

// visible returns those of some flags that are not hidden.
func visible(all []Flag) []Flag {
	var shown []Flag
	for _, f := range all {
		if !f.About().Hidden {
			shown = append(shown, f)
		}
	}
	return shown
}
