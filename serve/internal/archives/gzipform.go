package archives

import (
	"io"
	"time"

	"github.com/tarpack/tpk/serve/internal/gzipform"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// GzipForm implements plan.Tree. The first call for a content reads it. An archive keeps its
// results until it is opened again, and those of plain files are kept as long as they are the same.
func (v *View) GzipForm(n plan.Node) (plan.GzipForm, error) {
	if n.Source == PlainSource {
		stamp := v.plainStamps[n.Entry]
		return gzipForm(v, &v.library.plainForms, stamp, func() (plan.GzipForm, bool, error) {
			f := v.plain[n.Entry]
			form, err := gzipform.Of(io.NewSectionReader(f, 0, n.Size))
			if err != nil {
				return form, false, err
			}
			if err := samePlain(f, stamp); err != nil {
				return form, false, err
			}
			return form, stamp.Settled(time.Now()), nil
		})
	}
	a := v.set.sources[n.Source]
	return gzipForm(v, &a.gzipForms, n.Entry, func() (plan.GzipForm, bool, error) {
		if n.Coding == plan.Plain { // it is empty
			return plan.NoGzip, true, nil
		}
		content, err := v.Content(&n, 0, n.Size)
		if err != nil {
			return plan.NoGzip, false, err
		}
		defer content.Close()
		form, err := gzipform.Of(content)
		return form, true, err
	})
}

// gzipForm returns what a Cache has of a content. Unless the View must not wait, examine finds it
// out if it is not there.
func gzipForm[K comparable](
	v *View, c *gzipform.Cache[K], key K, examine func() (plan.GzipForm, bool, error),
) (plan.GzipForm, error) {
	if form, ok := c.Known(key); ok {
		return form, nil
	}
	if v.Instant {
		return plan.NoGzip, ErrInstant
	}
	return c.Find(key, examine)
}
