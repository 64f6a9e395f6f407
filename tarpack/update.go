package tarpack

import "context"

// UpdateOptions says how to update an archive. The zero value is usable.
type UpdateOptions struct {
	EditOptions
	// Checksum reads every file; otherwise one of the same size and time is taken to be the same.
	Checksum bool
	// Keep keeps what is in the archive and not in the tree.
	Keep bool
}

// Update makes the archive name equal to the tree dir: what is new or has changed in the tree is packed, what is gone is
// removed, and the rest is copied as it is. What is excluded counts as not being in the tree. An archive that is equal already is not touched.
//
// The errors are those of Open and Pack.
func Update(ctx context.Context, name, dir string, o UpdateOptions) (EditResult, error) {
	return edit(ctx, name, o.EditOptions, func(_ *keptArchive, r *rewrite) error {
		t, err := openTree(dir)
		if err != nil {
			return err
		}
		r.layers = append(r.layers, layer{tree: t})
		r.checksum = o.Checksum
		r.choose = func(_ string, children []*child) int {
			if last := len(children) - 1; children[last].layer > r.base || o.Keep {
				return last
			}
			return -1
		}
		return nil
	})
}
