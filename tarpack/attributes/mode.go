package attributes

import (
	"fmt"
	"strconv"
	"strings"
)

// The low 12 bits of a Unix mode (POSIX, <sys/stat.h>).
const (
	setuid = 0o4000
	setgid = 0o2000
	sticky = 0o1000
	all    = 0o7777

	read    = 0o444
	write   = 0o222
	execute = 0o111
)

// A Mode changes permissions as chmod does. The zero value, and nil, change nothing.
type Mode struct {
	clauses []clause
	umask   uint16
}

// A clause is one operation, such as g-w.
type clause struct {
	op        byte   // one of + - =
	who       uint16 // all bits of the users it names; 0: of all users, but not those of the umask
	bits      uint16
	mentioned uint16 // bits that it names; directories keep other setuid and setgid bits
	copies    bool   // bits selects one of user, group and others, whose permissions are copied
	ifAny     bool   // X: execute for directories, and for files that somebody can execute
}

// ParseMode reads an octal number, such as 644, or symbolic clauses, such as u=rwX,go=rX, as POSIX
// and GNU chmod define them. As for chmod, umask applies to clauses without u, g, o or a.
func ParseMode(text string, umask uint16) (*Mode, error) {
	m := &Mode{umask: umask & 0o777}
	if text != "" && isOctal(text[0]) {
		bits, rest, err := octal(text)
		if err != nil || rest != "" {
			return nil, fmt.Errorf("%q is not a mode such as 644 or u=rwX,go=rX", text)
		}
		mentioned := uint16(all)
		if len(text) < 5 { // GNU: up to 4 digits don't clear the setuid and setgid bits of directories
			mentioned = bits&(setuid|setgid) | sticky | 0o777
		}
		m.clauses = []clause{{op: '=', who: all, bits: bits, mentioned: mentioned}}
		return m, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		if err := m.add(word); err != nil {
			return nil, fmt.Errorf("%q is not a mode such as 644 or u=rwX,go=rX", text)
		}
	}
	return m, nil
}

// add adds the operations for one list of users: ug+r-x has two.
func (m *Mode) add(word string) error {
	at := strings.IndexAny(word, "+-=")
	if at < 0 {
		return strconv.ErrSyntax
	}
	var who uint16
	for _, c := range word[:at] {
		bits, ok := map[rune]uint16{
			'u': setuid | 0o700, 'g': setgid | 0o070, 'o': sticky | 0o007, 'a': all,
		}[c]
		if !ok {
			return strconv.ErrSyntax
		}
		who |= bits
	}
	for rest := word[at:]; rest != ""; {
		c := clause{op: rest[0], who: who}
		if strings.IndexByte("+-=", c.op) < 0 {
			return strconv.ErrSyntax
		}
		var err error
		if rest, err = c.values(rest[1:]); err != nil {
			return err
		}
		m.clauses = append(m.clauses, c)
	}
	return nil
}

// values reads what follows the operator, and returns the rest.
func (c *clause) values(text string) (rest string, err error) {
	if text != "" && isOctal(text[0]) {
		if c.bits, rest, err = octal(text); err == nil && (c.who != 0 || rest != "") {
			err = strconv.ErrSyntax
		}
		c.who, c.mentioned = all, all
		return rest, err
	}
	for i, whose := range []uint16{0o700, 0o070, 0o007} {
		if text != "" && text[0] == "ugo"[i] {
			c.copies, c.bits = true, whose
			c.mention()
			return text[1:], nil
		}
	}
	for text != "" && strings.IndexByte("rwxXst", text[0]) >= 0 {
		switch text[0] {
		case 'r':
			c.bits |= read
		case 'w':
			c.bits |= write
		case 'x':
			c.bits |= execute
		case 'X':
			c.ifAny = true
		case 's':
			c.bits |= setuid | setgid
		case 't':
			c.bits |= sticky
		}
		text = text[1:]
	}
	c.mention()
	return text, nil
}

func (c *clause) mention() {
	if c.mentioned = c.bits; c.who != 0 {
		c.mentioned &= c.who
	}
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }

// octal reads the octal number at the beginning of text.
func octal(text string) (bits uint16, rest string, err error) {
	n := 0
	for n < len(text) && isOctal(text[n]) {
		n++
	}
	v, err := strconv.ParseUint(text[:n], 8, 16)
	if err != nil || v > all {
		return 0, "", strconv.ErrRange
	}
	return uint16(v), text[n:], nil
}

// Apply returns the low 12 bits of the Unix mode that a file or directory with that mode gets.
func (m *Mode) Apply(mode uint16, isDir bool) uint16 {
	if m == nil {
		return mode
	}
	mode &= all
	for _, c := range m.clauses {
		mode = c.apply(mode, isDir, m.umask)
	}
	return mode
}

func (c *clause) apply(mode uint16, isDir bool, umask uint16) uint16 {
	var stays uint16
	if isDir {
		stays = (setuid | setgid) &^ c.mentioned
	}
	bits := c.bits
	if c.copies {
		bits &= mode
		for _, kind := range []uint16{read, write, execute} {
			if bits&kind != 0 {
				bits |= kind
			}
		}
	}
	if c.ifAny && (isDir || mode&execute != 0) {
		bits |= execute
	}
	who := c.who
	if who == 0 {
		who = ^umask
	}
	bits &= who &^ stays
	switch c.op {
	case '+':
		return mode | bits
	case '-':
		return mode &^ bits
	}
	if c.who != 0 {
		stays |= ^c.who
	}
	return mode&stays | bits
}
