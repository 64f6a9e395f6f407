package siterules

import (
	"errors"
	"fmt"
	"strings"
)

// redirects are the rules of _redirects, in order.
type redirects struct {
	rules  []redirect
	table  table
	forced bool // some rule is forced
	static int
}

// redirect is a line of _redirects.
type redirect struct {
	from   pattern
	query  []parameter // that the request must have
	to     target
	has    bool // there is a target
	status int
	force  bool // it holds for paths that are there, too
}

// parameter is one that the query of a request must have.
type parameter struct {
	key, value string
	capture    int // the placeholder that has its value; -1: it must be value
}

// A rule without a status is a permanent redirect.
const defaultStatus = 301

// statuses are the statuses that a line can have. Up to 299 and from 400 on, the target is a page
// of the site, which is sent in place of the one that was asked for.
const statuses = "200, 301, 302, 303, 307, 308, 404 and 410"

// parse reads the lines of a file.
func (rs *redirects) parse(text []byte, p *problems) {
	seen := map[string]int{}
	lines(text, p, func(number int, line string) {
		rule, err := parseRedirect(line)
		if err != nil {
			p.add(number, "%v", err)
			return
		}
		key := fmt.Sprint(strings.TrimRight(strings.Fields(line)[0], "/"), rule.force)
		if before := seen[key]; before > 0 && len(rule.query) == 0 {
			p.add(number, "line %d is for the same path", before)
			return
		}
		if len(rule.query) == 0 {
			seen[key] = number
		}
		limit, count := maxStatic, rs.static
		if rule.from.wild {
			limit, count = maxDynamic, len(rs.rules)-rs.static
		}
		if count == limit {
			p.add(number, "there are more than %d lines of its kind", limit)
			return
		}
		if !rule.from.wild {
			rs.static++
		}
		rs.rules = append(rs.rules, rule)
		rs.table.add(len(rs.rules)-1, &rs.rules[len(rs.rules)-1].from)
		rs.forced = rs.forced || rule.force
	})
}

// parseRedirect reads a line: the path, parameters, the target, the status, conditions.
func parseRedirect(line string) (r redirect, err error) {
	words := strings.Fields(line)
	for i, w := range words[1:] {
		if w[0] == '#' {
			words = words[:i+1]
			break
		}
	}
	if len(words) < 2 {
		return r, errors.New("there is no target")
	}
	if r.from, err = parsePattern(words[0]); err != nil {
		return r, err
	}
	rest := words[1:]
	if _, ok := parseStatus(rest[0]); ok {
		err = r.implyTarget(words[0], rest[0])
	} else {
		rest, err = r.addTarget(rest)
	}
	if err != nil {
		return r, err
	}
	status := ""
	if len(rest) > 0 && !strings.Contains(rest[0], "=") {
		status, rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		return r, fmt.Errorf("conditions such as %s are not supported", rest[0])
	}
	return r, r.complete(status)
}

// implyTarget sets the target of a line that has none: with 200, each path itself.
func (r *redirect) implyTarget(from, status string) (err error) {
	path, ok := strings.CutSuffix(from, "/*")
	if _, _, url := cutScheme(from); !ok || url || !strings.HasPrefix(status, "200") {
		return nil
	}
	r.to, err = parseTarget(path+"/:"+splatName, r.from.names)
	r.has = err == nil
	return err
}

// addTarget reads parameters and the target, and returns the words behind them.
func (r *redirect) addTarget(words []string) (rest []string, err error) {
	for len(words) > 0 && !isTarget(words[0]) {
		if err := r.addParameter(words[0]); err != nil {
			return nil, err
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return nil, errors.New("the target must begin with /, https:// or http://")
	}
	r.has = true
	r.to, err = parseTarget(words[0], r.from.names)
	return words[1:], err
}

// complete sets the status, and refuses what it does not go with.
func (r *redirect) complete(status string) error {
	r.status = defaultStatus
	if status != "" {
		var ok bool
		if r.status, ok = parseStatus(status); !ok {
			return fmt.Errorf("%s is no status: these are %s; ! may follow", status, statuses)
		}
		r.force = strings.HasSuffix(status, "!")
	}
	switch {
	case r.redirects() && !r.has:
		return errors.New("a redirect needs a target")
	case !r.redirects() && r.to.absolute != "":
		return fmt.Errorf("%d sends a page of this site, and nothing is fetched from other servers",
			r.status)
	case r.status == 200 && !r.has:
		return errors.New("200 needs a target, unless the path ends in /*")
	}
	r.force = r.force || r.ownPage()
	return nil
}

// ownPage reports whether the page that is sent with 404 or 410 is the one that a request for the
// path finds: /gone.html for /gone. If that page won, no request would get the status.
func (r *redirect) ownPage() bool {
	if r.status < 400 || !r.has || r.from.wild {
		return false
	}
	page := strings.TrimSuffix(string(r.to.appendPlain(nil, &captures{})), "/")
	path := r.from.literal
	return page == path || page == path+".html" || page == strings.TrimPrefix(path+"/index.html", "/")
}

// redirects reports whether the client is sent to the target.
func (r *redirect) redirects() bool { return r.status >= 300 && r.status < 400 }

// parseStatus reads a status, with ! behind it or without.
func parseStatus(text string) (int, bool) {
	switch strings.TrimSuffix(text, "!") {
	case "200":
		return 200, true
	case "301":
		return 301, true
	case "302":
		return 302, true
	case "303":
		return 303, true
	case "307":
		return 307, true
	case "308":
		return 308, true
	case "404":
		return 404, true
	case "410":
		return 410, true
	}
	return 0, false
}

func isTarget(word string) bool {
	_, _, ok := cutScheme(word)
	return ok || word[0] == '/'
}

// addParameter adds key=value. A value that is a placeholder takes that of the request.
func (r *redirect) addParameter(word string) error {
	key, value, ok := strings.Cut(word, "=")
	if !ok || key == "" {
		return fmt.Errorf("%q is no target, which begins with /, and no parameter key=value", word)
	}
	q := parameter{key: key, value: value, capture: -1}
	if n := nameLength(value); n > 0 && n == len(value) {
		if len(r.from.names) == maxNames {
			return fmt.Errorf("there are more than %d placeholders", maxNames-1)
		}
		q.capture = len(r.from.names)
		r.from.names = append(r.from.names, value[1:])
	}
	r.query = append(r.query, q)
	return nil
}
