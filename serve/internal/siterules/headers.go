package siterules

import (
	"strings"

	"golang.org/x/net/http/httpguts"
)

// headers are the blocks of _headers, in order.
type headers struct {
	rules []headerRule
	table table
}

// headerRule is a block: a path, and header fields.
type headerRule struct {
	path  pattern
	set   []field
	unset []string // names in lower case
}

// field is a header field. Its value may have placeholders.
type field struct {
	name  string
	lower string
	value []piece
}

// parse reads the blocks of a file.
func (h *headers) parse(text []byte, o Options, p *problems) {
	var rule *headerRule
	begun, skip := 0, false // the line of the path; the path was not understood
	end := func() {
		if rule != nil && len(rule.set)+len(rule.unset) > 0 {
			h.rules = append(h.rules, *rule)
			h.table.add(len(h.rules)-1, &rule.path)
		} else if rule != nil && begun > 0 {
			p.add(begun, "there is no header field below the path")
		}
	}
	lines(text, p, func(number int, line string) {
		_, _, isURL := cutScheme(line)
		if line[0] != '/' && !isURL {
			if skip {
				return
			}
			if rule == nil {
				p.add(number, "a path must come before header fields")
				return
			}
			if why := rule.add(line, o); why != "" {
				p.add(number, "%s", why)
				begun = 0 // there was one
			}
			return
		}
		end()
		rule, begun, skip = nil, number, true
		path, err := parsePattern(line)
		switch {
		case err != nil:
			p.add(number, "%v", err)
		case len(h.rules) == maxHeaders:
			p.add(number, "there are more than %d blocks", maxHeaders)
		default:
			rule, skip = &headerRule{path: path}, false
		}
	})
	end()
}

// add adds a line of a block. It returns why it can't, or "".
func (r *headerRule) add(line string, o Options) string {
	if name, ok := strings.CutPrefix(line, "!"); ok {
		name = strings.TrimSpace(name)
		if !httpguts.ValidHeaderFieldName(name) {
			return "! must precede the name of a header field"
		}
		if why := allowed(name, Options{Trust: true}); why != "" {
			return why
		}
		r.unset = append(r.unset, strings.ToLower(name))
		return ""
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !ok:
		return "a header field is NAME: VALUE"
	case !httpguts.ValidHeaderFieldName(name):
		return "the name of a header field has letters, digits and hyphens"
	case value == "":
		return "there is no value"
	case !httpguts.ValidHeaderFieldValue(value):
		return "the value has a character that no header field has"
	}
	if why := allowed(name, o); why != "" {
		return why
	}
	f := field{name: name, lower: strings.ToLower(name)}
	if why := checkValue(f.lower, value); why != "" {
		return why
	}
	f.value = parsePieces(value, r.path.names, func(text string) string { return text })
	r.set = append(r.set, f)
	return ""
}
