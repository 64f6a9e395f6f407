package export

import "slices"

// findOmitted fills d.omitted.
func (d *folder) findOmitted() error {
	if d.omit == nil {
		return nil
	}
	for row, err := range d.x.All(d.from, d.to) {
		if err != nil {
			return err
		}
		if d.omit(string(row.Path)) {
			d.omitted = append(d.omitted, uint32(row.Ordinal))
		}
	}
	return nil
}

// has reports whether the export has entry i of the archive.
func (d *folder) has(i int) bool {
	if i < d.from || i >= d.to {
		return false
	}
	_, omitted := slices.BinarySearch(d.omitted, uint32(i))
	return !omitted
}

// before returns the number of entries that the export has of those before entry i, which is from
// d.from to d.to.
func (d *folder) before(i int) int {
	k, _ := slices.BinarySearch(d.omitted, uint32(i))
	return i - d.from - k
}
