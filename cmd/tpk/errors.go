package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

// Codes to exit with; 128 + n after signal n, as shells have it.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitSignal = 128
)

// A usageError is a command line that we can't carry out, whatever the files are like.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// An interrupted is an error of a command that was asked to stop.
type interrupted struct {
	signal syscall.Signal
	err    error
}

func (e *interrupted) Error() string { return e.err.Error() }
func (e *interrupted) Unwrap() error { return e.err }

// errSaid is the error of a command that has printed what is wrong, line by line.
var errSaid = errors.New("errors were reported")

// A hinted is an error with what to do about it, for what hintFor can't know.
type hinted struct {
	err  error
	hint string
}

func (e *hinted) Error() string { return e.err.Error() }
func (e *hinted) Unwrap() error { return e.err }

// onUsageError rewrites what package flag says.
func onUsageError(c *cli.Context, err error, _ bool) error {
	what, help := "", "tpk --help"
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != c.App.Name {
		what, help = c.Command.Name+": ", "tpk "+c.Command.Name+" --help"
	}
	message := oneLine(err.Error())
	if name, ok := strings.CutPrefix(message, "flag provided but not defined: -"); ok {
		message = "no such flag: " + dashed(name)
	} else if name, ok := strings.CutPrefix(message, "flag needs an argument: -"); ok {
		message = "flag needs a value: " + dashed(name)
	}
	return usagef("%s%s: see '%s'", what, message, help)
}

// exitCode returns the code to exit with after err.
func exitCode(err error) int {
	var usage *usageError
	var stop *interrupted
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &stop):
		return exitSignal + int(stop.signal)
	case errors.Is(err, syscall.EPIPE):
		return exitSignal + int(syscall.SIGPIPE)
	case errors.As(err, &usage):
		return exitUsage
	}
	return exitFailed
}

// errorLine returns the one line that says what went wrong and what to do, "" where nothing is to be said: who has
// closed our output does not want to hear of it.
func errorLine(err error) string {
	if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, errSaid) {
		return ""
	}
	line := "tpk: " + oneLine(message(err))
	if hint := hintFor(err); hint != "" {
		line += ": " + hint
	}
	return line
}

// message is err's text with paths first: "NAME: no such file or directory", not "open NAME: no such …".
func message(err error) string {
	text := err.Error()
	var path *fs.PathError
	if errors.As(err, &path) {
		nice := path.Path + ": " + path.Err.Error()
		text = strings.Replace(text, path.Error(), nice, 1)
		text = strings.Replace(text, path.Path+": "+path.Path+": ", path.Path+": ", 1)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		text = strings.Replace(text, link.Error(), link.New+": "+link.Err.Error(), 1)
	}
	return strings.Replace(text, os.Stdout.Name()+": ", "standard output: ", 1)
}

// ofTemporary makes err speak of the file that was to be written where it speaks of a temporary one beside it.
func ofTemporary(name string, err error) error {
	var path *fs.PathError
	stem := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".tar.gz"), ".tgz") // shards have it, and a number
	if errors.As(err, &path) && filepath.Dir(path.Path) == filepath.Dir(name) && strings.HasPrefix(filepath.Base(path.Path), "."+stem) {
		path.Path = name
	}
	return err
}

// aboutOutput is ofTemporary for a new archive. If we were asked to stop, it says that, and what is left behind.
func aboutOutput(name string, err error) error {
	var stop stopped
	if errors.As(err, &stop) {
		left := "nothing was written"
		if fi, err := os.Stat(name); err == nil && fi.Mode()&fs.ModeDevice != 0 {
			left = "there is no archive on it now"
		}
		return &hinted{fmt.Errorf("%s: %w", name, stop), left}
	}
	return ofTemporary(name, err)
}

// oneLine keeps a text on its line, whatever names are in it.
func oneLine(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
	return strings.ReplaceAll(quoteName(text), `\\`, `\`)
}

// hints say what to do about errors, the most particular first.
var hints = []struct {
	err  error
	hint string
}{
	{tarpack.ErrIndexRebuilt, "'tpk index' writes the index"},
	{tarpack.ErrNotIndexed, "'tpk index' makes it"},
	{tarpack.ErrSpecial, "--special packs it"},
	{tarpack.ErrVersion, "use a newer tpk"},
	{tarpack.ErrNotConvertible, "tpk convert reads tar, tar.gz, tar.zst, tar.xz, tar.bz2 and zip"},
	{tarpack.ErrShard, "bring back the right file, or, if its shards are right as they are, make the set's list anew with 'tpk index'"},
	{tarpack.ErrDevice, "pack onto a larger one, or into a file"},
	{tarpack.ErrTooMany, "take a larger size"},
	{tarpack.ErrNotArchive, "pack a directory with 'tpk pack DIR OUT.tar.gz'"},
	{tarpack.ErrAppend, "add it without --append"},
	{tarpack.ErrUnfinished, "'tpk repair' cuts it off"},
	{tarpack.ErrTruncated, "copy or download it again"},
	{tarpack.ErrCorrupt, "'tpk verify' names what is damaged; restore it from a good copy, or save what is whole with 'tpk repair'"},
	{gzmember.ErrCorrupt, "'tpk verify' names what is damaged; restore it from a good copy, or save what is whole with 'tpk repair'"},
	{gzmember.ErrTruncated, "copy or download it again"},
	{sidecar.ErrCorrupt, "make it anew with 'tpk index'"},
	{tarpack.ErrNoEntry, "'tpk ls' lists them"},
	{tarpack.ErrLocked, "wait until the other tpk is done"},
	{tarpack.ErrChanged, "pack again when nothing writes to it, or leave it out with --exclude"},
	{tarpack.ErrNotRegular, "choose another name for the archive"},
	{fs.ErrNotExist, "check the name"},
	{syscall.ENOTDIR, "check the name"},
	{fs.ErrPermission, "change its permissions or run as a user who may"},
	{syscall.ENOSPC, "free some space or write elsewhere"},
	{syscall.EDQUOT, "free some space or write elsewhere"},
	{syscall.EFBIG, "raise the limit on file sizes or write elsewhere"},
	{syscall.EBUSY, "unmount it, or wait until nobody uses it"},
	{syscall.EROFS, "write elsewhere"},
	{syscall.EIO, "check the disk"},
	{syscall.EMFILE, "raise the limit on open files ('ulimit -n')"},
	{serve.ErrAdmin, "choose another address with --admin"},
	{syscall.EADDRINUSE, "choose another address with --listen"},
}

// hintFor says what to do about err, "" if nothing sensible can be said.
func hintFor(err error) string {
	var with *hinted
	if errors.As(err, &with) {
		return with.hint
	}
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	return ""
}
