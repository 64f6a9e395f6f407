package browse

import (
	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/choice"
)

// choices are the numbers with which the entries of a folder are chosen for a download.
type choices struct {
	source int
	from   contents.Folder
	base   string // path of the folder
}

// choices returns the choices of the folder path, or nil if no archive has it. dirs are the folders
// of archives that the path names.
func (v *View) choices(path string, dirs []archives.Folder) (*choices, error) {
	if len(dirs) == 0 {
		return nil, nil
	}
	d := &dirs[0]
	f := contents.Folder{Tree: &v.Archive(d.Source).Tree, Mount: v.Mounted()[d.Mount].Path,
		Dir: d.Ordinal}
	var err error
	f.Omission, err = f.Tree.Omit(v.Hidden(), f.Mount)
	return &choices{d.Source, f, path}, err
}

// of returns the numbers of an entry and all that is below it. They are "" if the download does not
// have it. c may be nil.
func (c *choices) of(source, i int) (string, error) {
	if c == nil || source != c.source {
		return "", nil
	}
	e, err := c.from.Tree.Index.Entry(i)
	if err != nil {
		return "", c.from.Tree.Wrap(err)
	}
	r, ok := c.from.Numbers(i, &e)
	if !ok {
		return "", nil
	}
	return r.String(), nil
}

// addChoices adds what choices in a listing refer to. c may be nil.
func (l *List) addChoices(c *choices) error {
	if c == nil {
		return nil
	}
	end, err := c.from.Tree.End(c.from.Dir)
	if err != nil {
		return err
	}
	l.Base, l.Of = c.base, c.from.Validator()
	if n := c.from.Number(end); n > 0 {
		l.Whole = choice.Range{Last: n - 1}.String()
	}
	return nil
}

// addChoices makes the hits of one archive choosable: that of the folder that is searched.
func (s *searcher) addChoices() error {
	dirs, err := s.v.Directories(s.dir)
	if err != nil {
		return err
	}
	if s.choices, err = s.v.choices(s.dir, dirs); err != nil {
		return err
	}
	return s.list.addChoices(s.choices)
}
