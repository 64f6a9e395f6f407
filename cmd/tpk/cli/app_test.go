package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

var errUsage = errors.New("usage")

// program returns an application that records in log what it does.
func program(log *[]string) *App {
	add := func(format string, values ...any) {
		*log = append(*log, fmt.Sprintf(format, values...))
	}
	all := &Command{
		Name: "all", Aliases: []string{"a"}, Usage: "u", UsageText: "all X", Description: "d",
		Flags: []Flag{
			&BoolFlag{Name: "bool", Aliases: []string{"b"}},
			&StringFlag{Name: "string", Value: "s", Action: func(_ *Context, s string) error {
				if s == "bad" {
					return errors.New("refused")
				}
				return nil
			}},
			&IntFlag{Name: "int", Value: 1}, &Int64Flag{Name: "int64", Value: 2},
			&DurationFlag{Name: "duration", Value: time.Second},
			&StringSliceFlag{Name: "strings", Value: []string{"x"}},
			&IntSliceFlag{Name: "ints", Hidden: true},
		},
		Before: func(c *Context) error {
			if c.String("string") == "from before" {
				return errors.New("before")
			}
			if c.Int("int") == 7 {
				return c.Set("string", "bad")
			}
			return nil
		},
		Action: func(c *Context) error {
			add("%v %q %d %d %v %q %d quiet=%v set=%v %q", c.Bool("b"), c.String("string"),
				c.Int("int"), c.Int64("int64"), c.Duration("duration"), c.StringSlice("strings"),
				c.IntSlice("ints"), c.Bool("quiet"), c.IsSet("bool"), c.Args().Slice())
			return c.Err()
		},
	}
	words := &Command{Name: "words", Hidden: true, SkipFlagParsing: true,
		Action: func(c *Context) error { add("%d %q", c.NArg(), c.Args().Slice()); return nil }}
	return &App{
		Name: "tpk", HelpName: "tpk", Usage: "u", UsageText: "t", Description: "d", Version: "1",
		Commands: []*Command{all, words}, Flags: []Flag{&BoolFlag{Name: "quiet"}},
		Action: func(c *Context) error {
			add("root %v %q", c.Args().Present(), c.Args().First())
			return nil
		},
		OnUsageError: func(c *Context, err error) error {
			add("%s: %v", c.Command.Name, err)
			return errUsage
		},
		PrintHelp: func(cmd *Command) {
			if cmd == nil {
				add("help")
			} else {
				add("help of %s", cmd.Name)
			}
		},
		PrintVersion: func() { add("version") },
		Reader:       strings.NewReader(""), Writer: io.Discard, ErrWriter: io.Discard,
	}
}

func TestRun(t *testing.T) {
	const defaults = `false "s" 1 2 1s ["x"] [] quiet=false set=false []`
	for line, want := range map[string]string{
		"":           `root false ""`,
		"nothing":    `root true "nothing"`,
		"all":        defaults,
		"a":          defaults,
		"--quiet":    `root false ""`,
		"--quiet a":  `false "s" 1 2 1s ["x"] [] quiet=true set=false []`,
		"all X -b":   `false "s" 1 2 1s ["x"] [] quiet=false set=false ["X" "-b"]`,
		"all -- -b":  `false "s" 1 2 1s ["x"] [] quiet=false set=false ["-b"]`,
		"all -b":     `true "s" 1 2 1s ["x"] [] quiet=false set=true []`,
		"all --bool": `true "s" 1 2 1s ["x"] [] quiet=false set=true []`,
		"all --string=q --int 0x10 --int64 -3 --duration 2m --strings a,b --strings c " + //
			"--ints 4 --ints 5 X": `false "q" 16 -3 2m0s ["a,b" "c"] [4 5] quiet=false set=false ["X"]`,
		"all --string bad":  `refused`,
		"all --string from": `false "from" 1 2 1s ["x"] [] quiet=false set=false []`,
		"all --int 7":       `refused`,
		"all --int x":       `all: invalid value "x" for flag -int: parse error; usage`,
		"all --int 99999999999999999999"://
		`all: invalid value "99999999999999999999" for flag -int: value out of range; usage`,
		"all --duration 5":     `all: invalid value "5" for flag -duration: parse error; usage`,
		"all --bool=2":         `all: invalid boolean value "2" for -bool: parse error; usage`,
		"all --ints y":         `all: invalid value "y" for flag -ints: parse error; usage`,
		"all --nothing":        `all: flag provided but not defined: -nothing; usage`,
		"all --int":            `all: flag needs an argument: -int; usage`,
		"--nothing":            `tpk: flag provided but not defined: -nothing; usage`,
		"words -b --help":      `2 ["-b" "--help"]`,
		"help":                 "help",
		"h all":                "help of all",
		"help help":            "help of help",
		"help nothing":         `root true "nothing"`,
		"help --help":          "help",
		"help -h all":          "help of all",
		"all -h":               "help of all",
		"all --int 3 --help X": "help of all",
		"--help":               "help",
		"-h all":               "help of all",
		"--help a X":           "help of all",
		"-h nothing":           `root true "nothing"`,
		"-v":                   "version",
		"--version all":        "version",
	} {
		var log []string
		err := program(&log).Run(strings.Fields("tpk " + line))
		if err != nil {
			log = append(log, err.Error())
		}
		if got := strings.Join(log, "; "); got != want {
			t.Errorf("%q: %s\nwant %s", line, got, want)
		}
	}
}

func TestBefore(t *testing.T) {
	var log []string
	err := program(&log).Run([]string{"tpk", "all", "--string", "from before"})
	if err == nil || err.Error() != "before" || log != nil {
		t.Errorf("%v, %q", err, log)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := program(&log).RunContext(ctx, []string{"tpk", "all"}); err != context.Canceled {
		t.Error(err)
	}
}

// TestAbout: help knows all of a flag and of the commands.
func TestAbout(t *testing.T) {
	var log []string
	app := program(&log)
	app.Setup()
	app.Setup()
	if n := len(app.VisibleCommands()); n != 2 { // all and help
		t.Error(n)
	}
	if n := len(app.VisibleFlags()); n != 3 {
		t.Error(n)
	}
	cmd := app.Command("all")
	if n := len(cmd.VisibleFlags()); n != 7 || len(cmd.Flags) != 8 {
		t.Error(n, len(cmd.Flags))
	}
	for _, test := range []struct {
		f    Flag
		want About
	}{
		{&BoolFlag{Name: "x", Usage: "u", Hidden: true}, About{"u", "", false, true}},
		{&IntFlag{Name: "x", Value: 3}, About{"", "3", true, false}},
		{&StringFlag{Name: "x", DefaultText: "none"}, About{"", "none", true, false}},
		{&DurationFlag{Name: "x", Value: time.Minute}, About{"", "1m0s", true, false}},
		{&StringSliceFlag{Name: "x", Value: []string{"a"}}, About{"", "", true, false}},
	} {
		if got := test.f.About(); got != test.want {
			t.Errorf("%+v, want %+v", got, test.want)
		}
		test.f.Hide()
		if !test.f.About().Hidden || !reflect.DeepEqual(test.f.Names(), []string{"x"}) {
			t.Error(test.f.Names())
		}
	}
	c := &Context{App: app, Command: cmd}
	if err := c.parse(nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Set("nothing", "x"); err == nil || c.IsSet("nothing") {
		t.Error("a flag that does not exist was set")
	}
	if got := c.Int("string"); got != 0 || len(c.Lineage()) != 1 {
		t.Error("a string is no number:", got)
	}
}
