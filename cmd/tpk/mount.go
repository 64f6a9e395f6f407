//go:build !minimal

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/mount"
	"github.com/tarpack/tpk/tarpack/remote"
)

type mountOptions struct {
	names      []string // ARCHIVE[:PATH]
	dir        string
	foreground bool
	log        string
	mount      mount.Options
}

const mountSupported = mount.Supported

func mountCommand() *cli.Command {
	return &cli.Command{
		Name:      "mount",
		Usage:     "show archives as a directory",
		UsageText: "tpk mount [flags] ARCHIVE[:PATH]... DIR",
		Description: help.Text(`
Shows the files of ARCHIVE, or of its directory PATH, in the directory DIR, which must exist.
Programs can read them there. Nothing is extracted: each file is decompressed when it is read, and
its checksum is compared. Reading a damaged file fails with an input/output error (EIO), and the log
gets a line.

If there are several archives, their directories are merged. If several have the same path, the last
one is taken. A file hides what archives before it have below its path.

Files belong to the user who mounts them; their permissions are those in the archive. Hard links are
hard links, except those that stand for duplicates: these were files of their own. ARCHIVE may be a
shard set, a tar or zip of another program, which is converted first, or a URL, as for 'tpk ls'.

The command returns when the files can be read, and leaves a process behind. 'tpk umount' ends it,
and so does SIGTERM. With --foreground the command itself goes on, until Ctrl-C. The process logs to
--log, to standard error with --foreground, or else to the system's log.

With --replace, a new version that is renamed to the name of an archive is shown within two seconds.
Files that are open stay those of the old version.

On Linux, users other than root need the program fusermount3, of package fuse3. --options
allow_other needs the line user_allow_other in /etc/fuse.conf then. macOS needs macFUSE. Windows
and FreeBSD can't mount archives: use 'tpk serve' there.`,
			"the archive can't be read, or the system can't mount it",
			"tpk mount site.tar.gz /mnt/site",
			"tpk mount --replace -o allow_other data.tar.gz:train /srv/train",
			"tpk mount base.tar.gz changes.tar.gz /mnt/merged",
			"tpk umount /mnt/site"),
		Flags: slices.Concat([]cli.Flag{
			&cli.BoolFlag{
				Name: "foreground", Aliases: []string{"f"},
				Usage: "don't leave a process behind, but go on until Ctrl-C",
			},
			&cli.StringSliceFlag{
				Name: "options", Aliases: []string{"o"},
				Usage: "mount with the `OPTIONS` allow_other, so that other users can read the files," +
					" or ro, which is always so (repeatable, or separated by commas)",
			},
			flags.Switch("replace", "show new versions of the archives"),
			&cli.StringFlag{Name: "log", Usage: "append messages to `FILE`"},
			flags.NoConvert(),
		}, flags.Trust(), flags.Remote()),
		Action: action(parseMount, runMount),
	}
}

func parseMount(c *cli.Context) (*mountOptions, error) {
	args, err := flags.ManyArguments(c, 2, -1)
	if err != nil {
		return nil, err
	}
	last := len(args) - 1
	o := &mountOptions{names: args[:last], dir: args[last], foreground: c.Bool("foreground"),
		log: c.String("log")}
	o.mount.Replace = c.Bool("replace")
	o.mount.Source = mountSource(o.names)
	for _, list := range c.StringSlice("options") {
		for option := range strings.SplitSeq(list, ",") {
			switch option {
			case "", "ro", "nosuid", "nodev", "default_permissions": // it is always so
			case "allow_other":
				o.mount.AllowOther = true
			case "rw":
				return nil, report.Usagef("mount: --options rw: archives are only read;" +
					" 'tpk update' and 'tpk add' change them")
			default:
				return nil, report.Usagef("mount: --options %s: the options are allow_other and ro",
					report.Quote(option))
			}
		}
	}
	if c.IsSet("log") && o.log == "" {
		return nil, report.Usagef("mount: --log: needs a value")
	}
	if remote.IsURL(o.dir) {
		return nil, report.Usagef("mount: %s: DIR must be a directory", report.Quote(o.dir))
	}
	return o, nil
}

// mountSource is what the system's list of mounts shows: the archives, without passwords.
func mountSource(names []string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = reading.ShownURL(name)
		if path, err := filepath.Abs(name); err == nil && !remote.IsURL(name) {
			shown[i] = path
		}
	}
	return strings.Join(shown, " ")
}

// runMount mounts in the foreground, or in a process that it starts.
func runMount(c *cli.Context, o *mountOptions) error {
	ready := terminal.StartedBy()
	if !o.foreground && ready == nil {
		return mountInBackground(c)
	}
	limitMemory(mountMemory)
	log, err := newMountLog(c, o)
	if err != nil {
		return err
	}
	o.mount.Log = log.print
	if o.mount.Open, err = o.opener(c, log.print); err != nil {
		return err
	}
	m, err := mount.Start(c.Context, o.dir, o.mount)
	if err != nil {
		return hintMount(o.dir, err)
	}
	if ready != nil {
		log.leave(terminal.IsQuiet(c))
		if err := ready(); err != nil {
			return errors.Join(err, m.Unmount())
		}
	}
	return m.Wait() // SIGTERM is the usual end
}

// mountMemory is the memory in bytes that a mount uses, without the pages of files that are mapped.
const mountMemory = 24 << 20

// mountInBackground runs the same command line in another process, until that has mounted.
func mountInBackground(c *cli.Context) error {
	code, err := terminal.StartBackground(c.Context)
	if errors.Is(err, errors.ErrUnsupported) { // where no archive can be mounted
		err = hintMount(c.Args().First(), mount.ErrUnsupported)
	}
	if err != nil {
		return err
	}
	if code != 0 { // it has reported why
		return report.ErrReported
	}
	return nil
}

// mountLog prints lines to standard error, and later to the log.
type mountLog struct {
	mu         sync.Mutex
	stderr     func(string)
	file       *os.File
	system     func(string) // nil if there is no system log
	none       error        // why there is none
	background bool
}

// leave makes later lines go to the log.
func (l *mountLog) leave(quiet bool) {
	if l.none != nil && !quiet {
		l.stderr("there is no system log, so errors are not logged: use --log FILE")
	}
	l.mu.Lock()
	l.background = true
	l.mu.Unlock()
}

func newMountLog(c *cli.Context, o *mountOptions) (*mountLog, error) {
	l := &mountLog{stderr: func(line string) { fmt.Fprintln(c.App.ErrWriter, report.Say(line)) }}
	var err error
	switch {
	case o.log != "":
		l.file, err = os.OpenFile(o.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		return l, err
	case o.foreground:
		return l, nil
	}
	l.system, l.none = terminal.SystemLog()
	return l, nil
}

// print prints a line.
func (l *mountLog) print(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.file != nil:
		fmt.Fprintln(l.file, terminal.LogTime(), report.Say(line))
	case !l.background:
		l.stderr(line)
	case l.system != nil:
		l.system(report.OneLine(line))
	}
}

// hintMount adds what to do about an error of mounting.
func hintMount(dir string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOTCONN):
		return report.WithHint(err, "a mount there was killed: 'tpk umount "+report.Quote(dir)+
			"' cleans up")
	case errors.Is(err, mount.ErrNoFuse), errors.Is(err, mount.ErrUnsupported):
		return report.WithHint(err, "'tpk extract' extracts the files")
	case errors.Is(err, format.ErrNoEntry):
		return report.WithHint(err, "'tpk ls' lists the directories")
	case errors.Is(err, mount.ErrNotDirectory):
		return report.WithHint(err, "name a directory")
	}
	return err
}

func umountCommand() *cli.Command {
	return &cli.Command{
		Name:      "umount",
		Usage:     "end a mount of archives",
		UsageText: "tpk umount DIR",
		Description: help.Text(`
Ends what 'tpk mount' has mounted on DIR. It also cleans up if the process was killed: then programs
that use DIR get the error "Transport endpoint is not connected".`,
			"no archive is mounted on DIR, or it is in use",
			"tpk umount /mnt/site"),
		Action: action(parseUmount, runUmount),
	}
}

func parseUmount(c *cli.Context) (string, error) {
	args, err := flags.Arguments(c, 1, 1)
	if err != nil {
		return "", err
	}
	return args[0], nil
}

func runUmount(_ *cli.Context, dir string) error {
	err := mount.Unmount(dir)
	switch {
	case errors.Is(err, mount.ErrInUse):
		return report.WithHint(err, "'fuser -vm "+report.Quote(dir)+"' lists the programs")
	case errors.Is(err, mount.ErrNotMounted):
		return report.WithHint(err, "'findmnt -t fuse.tpk' lists the mounts")
	}
	return err
}
