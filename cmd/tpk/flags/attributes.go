package flags

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
)

// parseAttributes sets what --mode, --mtime, --owner and --group replace.
func parseAttributes(c *cli.Context, o *pack.Options) (err error) {
	if text := c.String("mode"); c.IsSet("mode") {
		if o.Mode, err = attributes.ParseMode(text, umask()); err != nil {
			return report.Usagef("%s: --mode: %v", c.Command.Name, err)
		}
	}
	if text := c.String("mtime"); c.IsSet("mtime") {
		if o.ModTime, err = parseTime(c, "mtime", text); err != nil {
			return err
		}
	}
	o.Owner, err = parseOwner(c, "owner", func(name string) (string, error) {
		u, err := user.Lookup(name)
		if err != nil {
			return "", err
		}
		return u.Uid, nil
	})
	if err != nil {
		return err
	}
	o.Group, err = parseOwner(c, "group", func(name string) (string, error) {
		g, err := user.LookupGroup(name)
		if err != nil {
			return "", err
		}
		return g.Gid, nil
	})
	return err
}

// timeLayouts are the forms of a time. Those without a zone are of the local one, as in GNU tar.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02",
	"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04 -0700", "2006-01-02 15:04:05 UTC", "2006-01-02 15:04 UTC", "2006-01-02 UTC",
	time.RFC1123Z, time.RFC1123, time.UnixDate, time.ANSIC,
}

// parseTime returns the time that is the value of a flag. As in GNU tar, a value that begins with .
// or / is a file, and its time is meant.
func parseTime(c *cli.Context, flag, text string) (time.Time, error) {
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "/") {
		fi, err := os.Stat(text)
		if err != nil {
			return time.Time{}, err
		}
		return fi.ModTime(), nil
	}
	if seconds, ok := strings.CutPrefix(text, "@"); ok {
		seconds, _, _ = strings.Cut(seconds, ".") // archives have whole seconds
		if n, err := strconv.ParseInt(seconds, 10, 64); err == nil {
			return time.Unix(n, 0), nil
		}
	}
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, report.Usagef("%s: --%s %s: must be @ and seconds since 1970,"+
		" a date such as 2026-01-31, RFC 3339, or a file such as ./FILE",
		c.Command.Name, flag, report.Quote(text))
}

// parseOwner returns the user or group of a flag, nil if it is not set. lookup returns the number
// of a name.
func parseOwner(
	c *cli.Context, flag string, lookup func(name string) (string, error),
) (*attributes.Owner, error) {
	if !c.IsSet(flag) {
		return nil, nil
	}
	text := c.String(flag)
	name, number, both := strings.Cut(text, ":")
	if _, err := strconv.ParseUint(name, 10, 64); err == nil && !both {
		name, number = "", name
	}
	if number == "" && !both && strings.Trim(name, "+-0123456789 ") != "" {
		var err error
		if number, err = lookup(name); err != nil {
			return nil, report.Usagef("%s: --%s: this system has no %s: give its number, as in %s:1000",
				c.Command.Name, flag, report.Quote(name), report.Quote(name))
		}
	}
	id, err := strconv.ParseUint(number, 10, 64)
	if err == nil && id > format.MaxOwner || errors.Is(err, strconv.ErrRange) {
		return nil, report.Usagef("%s: --%s %s: the largest number is %d",
			c.Command.Name, flag, report.Quote(text), int64(format.MaxOwner))
	}
	if err != nil {
		return nil, report.Usagef("%s: --%s %s: must be a name, a number or NAME:NUMBER",
			c.Command.Name, flag, report.Quote(text))
	}
	return &attributes.Owner{ID: int(id), Name: name}, nil
}
