package cli

import (
	"context"
	"flag"
	"io"
	"slices"
)

// App is a program with commands.
type App struct {
	Name        string
	HelpName    string // in messages
	Usage       string // what it is, in a line
	UsageText   string // the forms of command lines
	Description string
	Version     string
	Commands    []*Command
	Flags       []Flag // before the command

	// Action is run if no command is named, or one that does not exist, which is the first argument.
	Action ActionFunc
	// OnUsageError returns what Run returns for an error of parsing flags.
	OnUsageError OnUsageErrorFunc
	// PrintHelp prints the help of a command, or of the application if it is nil.
	PrintHelp func(cmd *Command)
	// PrintVersion prints the version.
	PrintVersion func()

	Reader            io.Reader
	Writer, ErrWriter io.Writer

	ready bool
}

// ActionFunc does what a command is for.
type ActionFunc func(c *Context) error

// OnUsageErrorFunc returns an error in better words.
type OnUsageErrorFunc func(c *Context, err error) error

// Command is a command of an App.
type Command struct {
	Name        string
	Aliases     []string
	Usage       string // what it does, in a line
	UsageText   string // the forms of command lines
	Description string
	Flags       []Flag
	Hidden      bool // from help

	// SkipFlagParsing makes all words arguments.
	SkipFlagParsing bool
	// Before, if not nil, is run before the values of flags are checked. After an error the command
	// is not run.
	Before ActionFunc
	Action ActionFunc
}

// Names returns the names of the command.
func (cmd *Command) Names() []string { return append([]string{cmd.Name}, cmd.Aliases...) }

// VisibleFlags returns the flags that are not hidden.
func (cmd *Command) VisibleFlags() []Flag { return visible(cmd.Flags) }

// VisibleFlags returns the flags that are not hidden.
func (a *App) VisibleFlags() []Flag { return visible(a.Flags) }

// VisibleCommands returns the commands that are not hidden.
func (a *App) VisibleCommands() []*Command {
	var shown []*Command
	for _, cmd := range a.Commands {
		if !cmd.Hidden {
			shown = append(shown, cmd)
		}
	}
	return shown
}

// Command returns the command with a name, or nil.
func (a *App) Command(name string) *Command {
	for _, cmd := range a.Commands {
		if slices.Contains(cmd.Names(), name) {
			return cmd
		}
	}
	return nil
}

// helpName is the name of the command that shows help.
const helpName = "help"

// Setup adds the command help, and the flags for help and version. Run calls it.
func (a *App) Setup() {
	if a.ready {
		return
	}
	a.ready = true
	a.Commands = append(a.Commands, &Command{
		Name: helpName, Aliases: []string{"h"}, Usage: "list the commands, or show the help of one",
		Action: showHelp,
	})
	a.Flags = append(a.Flags, HelpFlag, VersionFlag)
	for _, cmd := range a.Commands {
		if !cmd.SkipFlagParsing {
			cmd.Flags = append(cmd.Flags, HelpFlag)
		}
	}
}

// showHelp is the action of the command help. It shows the help of the command that the first
// argument names, or that of the application if there are no arguments.
func showHelp(c *Context) error {
	name := c.Args().First()
	if name == "" {
		c.App.PrintHelp(nil)
		return nil
	}
	cmd := c.App.Command(name)
	if cmd == nil {
		return c.App.Action(c)
	}
	c.App.PrintHelp(cmd)
	return nil
}

// Run is RunContext without a context.
func (a *App) Run(args []string) error { return a.RunContext(context.Background(), args) }

// RunContext runs a command line. args[0] is the program, and is ignored. What a command returns is
// returned.
func (a *App) RunContext(ctx context.Context, args []string) error {
	a.Setup()
	root := &Command{Name: a.Name, Flags: a.Flags, Action: a.Action}
	c := &Context{Context: ctx, App: a, Command: root}
	if len(args) > 0 {
		args = args[1:]
	}
	if err := c.parse(args); err != nil {
		return a.OnUsageError(c, err)
	}
	switch {
	case c.Bool("help"):
		return showHelp(c)
	case c.Bool("version"):
		a.PrintVersion()
		return nil
	}
	if err := c.check(); err != nil {
		return err
	}
	if cmd := a.Command(c.Args().First()); cmd != nil {
		return (&Context{Context: ctx, App: a, Command: cmd, parent: c}).run(c.Args()[1:])
	}
	return a.Action(c)
}

// run runs the command of c.
func (c *Context) run(args []string) error {
	if err := c.parse(args); err != nil {
		return c.App.OnUsageError(c, err)
	}
	if !c.Command.SkipFlagParsing && c.Bool("help") {
		if c.Command.Name == helpName {
			return showHelp(c)
		}
		c.App.PrintHelp(c.Command)
		return nil
	}
	if c.Command.Before != nil {
		if err := c.Command.Before(c); err != nil {
			return err
		}
	}
	if err := c.check(); err != nil {
		return err
	}
	return c.Command.Action(c)
}

// parse reads the flags of the command.
func (c *Context) parse(args []string) error {
	c.set = flag.NewFlagSet(c.Command.Name, flag.ContinueOnError)
	c.set.SetOutput(io.Discard)
	for _, f := range c.Command.Flags {
		f.define(c.set)
	}
	if c.Command.SkipFlagParsing {
		args = append([]string{"--"}, args...)
	}
	return c.set.Parse(args)
}

// check runs the actions of the flags that were given.
func (c *Context) check() error {
	for _, f := range c.Command.Flags {
		if c.IsSet(f.Names()[0]) {
			if err := f.RunAction(c); err != nil {
				return err
			}
		}
	}
	return nil
}
