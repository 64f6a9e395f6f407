package archives

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/siterules"
	"github.com/tarpack/tpk/tarpack/source"
)

// An archive can have rules for its site: the files _redirects and _headers in its root. They are
// read when it is opened, and so belong to its generation. Those of a directory may change at any
// time, and are looked at while it is served.

// readRules reads the rules of an archive that was just opened. If they can't be read, the archive
// can't be served: it would be without header fields that protect it. The error wraps guard.ErrBusy
// if a program writes the archive.
func (l *Library) readRules(ctx context.Context, a *Archive) error {
	if l.rules == nil {
		return nil
	}
	a.refs.Add(1)
	set := newSet(parts{specs: []Spec{{}}, backings: []backing{{archive: a}}})
	v := View{set: set, library: l, work: ctx, endWork: func() {}}
	defer v.Release()
	var texts [len(siterules.Files)][]byte
	for i, name := range siterules.Files {
		text, err := v.readRulesFile(name)
		if errors.Is(err, source.ErrChanged) {
			err = errors.Join(err, guard.ErrBusy)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", a.Name, name, err)
		}
		texts[i] = text
	}
	site, problems := siterules.Parse(texts[0], texts[1], *l.rules)
	for _, p := range problems {
		l.notice(a.Name + ": " + p.String())
	}
	a.rules, a.misruled = site, len(problems)
	return nil
}

// readRulesFile reads a file in the root of the View's only archive, or slightly more of it than is
// allowed. It is nil if it is not there.
func (v *View) readRulesFile(name string) ([]byte, error) {
	n, _, err := v.Find(name)
	if err == nil && n.Kind == plan.Link {
		v.library.notice(fmt.Sprintf("%s: %s: it is a symbolic link, and not used",
			v.set.sources[0].Name, name))
	}
	if err != nil || n.Kind != plan.File {
		return nil, err
	}
	if err := v.Proved(&n); err != nil {
		return nil, err
	}
	text, err := v.ReadFile(&n, siterules.MaxFile+1)
	if err == nil {
		err = v.Check()
	}
	return text, err
}

// SiteRules describes the rules of an archive or a directory.
type SiteRules struct {
	Name      string // of the archive or directory
	Redirects int    // lines of _redirects that are used
	Blocks    int    // blocks of _headers that are used
	Problems  int    // lines that are not used, which Options.Notice has got
}

// SiteRules describes the rules of all archives and directories as they are at the time now, in
// seconds since 1970. It leaves out those without the files.
func (l *Library) SiteRules(now int64) (list []SiteRules) {
	var v View
	if l.rules == nil || !l.View(&v) {
		return nil
	}
	defer v.Release()
	add := func(name string, s *siterules.Site, problems int) {
		if s != nil || problems > 0 {
			list = append(list, SiteRules{name, s.Redirects(), s.Blocks(), problems})
		}
	}
	for _, a := range v.set.current() {
		add(a.Name, a.rules, a.misruled)
	}
	for _, d := range v.set.dirs {
		s, _ := d.Rules.Rules(now, false)
		add(d.path, s, d.Rules.Problems())
	}
	if d := v.set.parts.fallback; d != nil {
		s, _ := d.Rules.Rules(now, false)
		add(d.Name(), s, d.Rules.Problems())
	}
	return list
}

// watchRules makes a directory that was just opened have rules.
func (l *Library) watchRules(d *plain.Dir, name string) {
	if l.rules == nil {
		return
	}
	d.Rules = &siterules.Watched{
		Stat: d.Stat, Options: *l.rules,
		Open: func(file string) (fs.File, error) {
			return d.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK)
		},
		Notice: func(problem string) { l.notice(name + ": " + problem) },
	}
}

// Rules implements plan.Tree.
func (v *View) Rules(path string, number int, now int64) (*siterules.Site, bool, error) {
	if v.library.rules == nil {
		return nil, false, nil
	}
	if v.library.nest != nil {
		if v.Instant {
			return nil, false, ErrInstant
		}
		if err := v.discover(path, false); err != nil {
			return nil, false, err
		}
	}
	if !v.set.ruled {
		return nil, false, nil
	}
	for k := range v.set.mounts {
		m := &v.set.mounts[k]
		if _, ok := paths.Below(m.Path, path); !ok {
			continue
		}
		if number < len(m.Sources) {
			return v.archiveRules(m.Sources[number])
		}
		if number -= len(m.Sources); number < len(m.Dirs) {
			return v.dirRules(m.Dirs[number], now)
		}
		break
	}
	return nil, false, nil
}

// archiveRules returns the rules of an archive, on which the answer depends then.
func (v *View) archiveRules(source int) (*siterules.Site, bool, error) {
	rules := v.set.sources[source].rules
	if rules == nil {
		return nil, true, nil
	}
	_, err := v.Touch(source)
	return rules, true, err
}

// dirRules returns the rules of a directory.
func (v *View) dirRules(d *plain.Dir, now int64) (*siterules.Site, bool, error) {
	rules, ok := d.Rules.Rules(now, v.Instant)
	if !ok {
		return nil, false, ErrInstant
	}
	return rules, true, nil
}

// RulesOf implements plan.Tree.
func (v *View) RulesOf(source, entry int, now int64) (*siterules.Site, string, error) {
	switch {
	case !v.set.ruled:
		return nil, "", nil
	case source == PlainSource:
		from := v.plainFrom[entry]
		rules, _, err := v.dirRules(from.dir, now)
		return rules, from.mount, err
	}
	at := &v.set.ruledBy[source]
	if at.dir != nil {
		rules, _, err := v.dirRules(at.dir, now)
		return rules, at.root, err
	}
	return at.rules, at.root, nil
}

// plainOrigin is the directory that has a plain file, and where that is mounted.
type plainOrigin struct {
	dir   *plain.Dir
	mount string
}

// ruledBy are the rules that hold for the files of an archive, and where that is mounted.
type ruledBy struct {
	rules *siterules.Site
	root  string
	dir   *plain.Dir // whose layer the archive is, and whose rules hold; nil: it is none
}

// addRules notes the rules of the archives of a Set. Former generations have those of the present
// one.
func (s *Set) addRules() {
	s.ruledBy = make([]ruledBy, len(s.sources))
	for i := range s.mounts {
		m := &s.mounts[i]
		for _, source := range m.Sources {
			by := ruledBy{rules: s.sources[source].rules, root: m.Path}
			s.ruled = s.ruled || by.rules != nil
			s.ruledBy[source] = by
			if o := s.older[source]; o != nil {
				for _, a := range o.archives {
					s.ruledBy[s.olderAt[a]] = by
				}
			}
		}
		for _, d := range m.Dirs {
			s.ruled = s.ruled || d.Rules != nil
			if l := s.lives[d]; l != nil {
				for _, source := range l.Order {
					s.ruledBy[source] = ruledBy{root: m.Path, dir: d}
				}
			}
		}
	}
}
