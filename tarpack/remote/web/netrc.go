package web

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// mostNetrc is the most bytes that a netrc file may have.
const mostNetrc = 1 << 20

// netrc is what a netrc file has, in its order.
type netrc []login

// A login is one entry of a netrc file.
type login struct {
	machine        string // "" for the default entry, which fits every host
	user, password string
}

// find returns the first entry for a host, and for a user if one is named.
func (n netrc) find(host, user string) (login, bool) {
	for _, l := range n {
		if (l.machine == "" || strings.EqualFold(l.machine, host)) && (user == "" || user == l.user) {
			return l, true
		}
	}
	return login{}, false
}

func readNetrc(name string) (netrc, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostNetrc+1))
	if err != nil {
		return nil, err
	}
	if len(b) > mostNetrc {
		return nil, fmt.Errorf("%s: not a netrc file: it has more than %d bytes", name, mostNetrc)
	}
	n, err := parseNetrc(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// parseNetrc parses a netrc file in the form of curl: tokens between white space, in quotes if they
// have white space; what begins with # is a comment up to the end of the line. Errors don't have
// what is in it.
func parseNetrc(b []byte) (netrc, error) {
	t := tokens{rest: b}
	var n netrc
	for {
		word, ok := t.next()
		if !ok {
			if t.err != nil {
				return nil, t.err
			}
			return n, nil
		}
		switch word {
		case "machine":
			name := t.value()
			if name == "" && t.err == nil {
				t.err = fmt.Errorf("line %d: machine without a name", t.line+1)
			}
			n = append(n, login{machine: name})
		case "default":
			n = append(n, login{})
		case "login", "password", "account":
			v := t.value()
			switch {
			case t.err != nil:
			case len(n) == 0:
				return nil, fmt.Errorf("line %d: %s before the first machine", t.line+1, word)
			case word == "login":
				n[len(n)-1].user = v
			case word == "password":
				n[len(n)-1].password = v
			}
		case "macdef": // up to an empty line
			t.skipMacro()
		default:
			return nil, fmt.Errorf("line %d: neither machine, default, login, password, account nor "+
				"macdef", t.line+1)
		}
	}
}

// tokens splits a netrc file.
type tokens struct {
	rest []byte
	line int // of rest
	err  error
}

// next returns the next token. ok is false at the end, and after an error.
func (t *tokens) next() (token string, ok bool) {
	for t.err == nil {
		trimmed := bytes.TrimLeft(t.rest, " \t\r\n")
		blank := t.rest[:len(t.rest)-len(trimmed)]
		t.line += bytes.Count(blank, []byte{'\n'})
		t.rest = trimmed
		switch {
		case len(t.rest) == 0:
			return "", false
		case t.rest[0] == '#':
			i := bytes.IndexByte(t.rest, '\n')
			if i < 0 {
				i = len(t.rest)
			}
			t.rest = t.rest[i:]
		case t.rest[0] == '"':
			return t.quoted()
		default:
			i := bytes.IndexAny(t.rest, " \t\r\n")
			if i < 0 {
				i = len(t.rest)
			}
			token, t.rest = string(t.rest[:i]), t.rest[i:]
			return token, true
		}
	}
	return "", false
}

// value returns the token after a keyword.
func (t *tokens) value() string {
	v, ok := t.next()
	if !ok && t.err == nil {
		t.err = fmt.Errorf("line %d: a value is missing", t.line+1)
	}
	return v
}

// quoted returns a token in quotes. Backslashes escape as in curl.
func (t *tokens) quoted() (string, bool) {
	var b strings.Builder
	for i := 1; i < len(t.rest); i++ {
		switch c := t.rest[i]; {
		case c == '"':
			t.rest = t.rest[i+1:]
			return b.String(), true
		case c == '\\' && i+1 < len(t.rest):
			i++
			if e, ok := map[byte]byte{'n': '\n', 'r': '\r', 't': '\t'}[t.rest[i]]; ok {
				b.WriteByte(e)
			} else {
				b.WriteByte(t.rest[i])
			}
		case c == '\n':
			i = len(t.rest)
		default:
			b.WriteByte(c)
		}
	}
	t.err = fmt.Errorf("line %d: a quote does not end", t.line+1)
	return "", false
}

func (t *tokens) skipMacro() {
	end := bytes.Index(t.rest, []byte("\n\n"))
	if end < 0 {
		end = len(t.rest)
	}
	t.line += bytes.Count(t.rest[:end], []byte{'\n'})
	t.rest = t.rest[end:]
}
