package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// errNoPassword: there is no line where the password should be.
var errNoPassword = errors.New("the key is encrypted, and there is no password")

// Password returns the password of the key in the file key: the first line of a file, or else what
// is typed on the terminal, without an echo. If standard input is no terminal, its first line is
// the password, as for minisign.
func Password(ctx context.Context, prompt io.Writer, key, file string) (string, error) {
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		return firstLine(f, file)
	}
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return firstLine(NewInput(ctx, os.Stdin), key)
	}
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	if err := echoOff(fd); err != nil {
		return "", err
	}
	fmt.Fprintf(prompt, "Password of %s: ", key)
	defer fmt.Fprintln(prompt)
	type result struct {
		word string
		err  error
	}
	done := make(chan result, 1)
	go func() { // no term.ReadPassword: it goes on reading after Ctrl-D
		word, err := firstLine(os.Stdin, key)
		done <- result{word, err}
	}()
	r := result{}
	select {
	case r = <-done:
	case <-ctx.Done():
		r.err = context.Cause(ctx)
	}
	return r.word, errors.Join(r.err, term.Restore(fd, before))
}

// firstLine returns the first line of r, which is read for name.
func firstLine(r io.Reader, name string) (string, error) {
	const most = 4 << 10
	line, err := bufio.NewReader(io.LimitReader(r, most)).ReadString('\n')
	if err != nil && (err != io.EOF || line == "") {
		if err == io.EOF {
			err = errNoPassword
		}
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
