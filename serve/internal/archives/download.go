package archives

import (
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/choice"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/export"
)

// downloadable is the folder of an archive that a download is made of.
type downloadable struct {
	source int
	contents.Folder
}

// downloadable returns what the downloads of the folder path are made of: the first archive that
// has it. ok is false if there is none. The archive must be what was signed, if that is asked for.
func (v *View) downloadable(path string) (d downloadable, ok bool, err error) {
	d.source, d.Path, err = v.directory(path)
	if err != nil || d.source < 0 {
		return d, false, err
	}
	a := v.set.sources[d.source]
	v.touchBytes(d.source, 0, a.tar.Size())
	if err := v.noted(d.source).proof.Whole(); err != nil {
		return d, false, a.Wrap(err)
	}
	if v.noted(d.source).proof.WholeLater() {
		v.later = append(v.later, later{d.source, wholeSource})
	}
	d.Tree = &a.Tree
	d.Mount = strings.TrimSuffix(strings.TrimSuffix(path, d.Path), "/")
	if d.Omission, err = a.Omit(v.library.hidden, d.Mount); err != nil {
		return d, false, err
	}
	if d.Dir, _, err = a.Directory(d.Path); err != nil {
		return d, false, a.Wrap(err)
	}
	return d, true, nil
}

// Download implements plan.Tree.
func (v *View) Download(path, format, query string) (plan.Node, error) {
	if v.Instant {
		return plan.Node{}, ErrInstant
	}
	c, chosen, err := choice.Parse(query)
	if err != nil {
		return plan.Node{}, &plan.ChoiceError{Status: 400, Why: err.Error()}
	}
	if err := v.discover(path, true); err != nil {
		return plan.Node{}, err
	}
	d, ok, err := v.downloadable(path)
	if err != nil || !ok {
		return plan.Node{}, err
	}
	var ranges []export.Range
	switch {
	case chosen && format != "tar.gz" && format != "zip":
		return plan.Node{}, &plan.ChoiceError{Status: 400, Why: "a selection is a tar.gz or a zip"}
	case chosen:
		if ranges, err = d.Resolve(&c); err != nil {
			return plan.Node{}, err
		}
	case beside[format] != "":
		if d.Omission != nil {
			return plan.Node{}, nil
		}
		return v.downloadBeside(path, format)
	case format != "zip" && d.Omission == nil:
		if n := v.set.download(path, format); n.Kind == plan.Download {
			return n, nil
		}
	}
	return v.export(&d, format, ranges)
}

// Above returns the path in its archive of the folder whose downloads path has: the names in a
// tar.gz begin with it.
func (v *View) Above(path string) (string, error) {
	_, rest, err := v.directory(path)
	return rest, err
}
