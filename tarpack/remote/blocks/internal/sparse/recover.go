package sparse

import "errors"

// recover makes unproven blocks absent, and frees the space of blocks that are absent: a killed
// process may have written them. No other process uses the files.
func (f *File) recover() error {
	err := f.scan(func(first int64, raw []byte) error {
		return runs(first, raw, func(s slot) bool { return s.tag != 0 && s.state() != proven },
			f.clearSlots)
	})
	if err != nil {
		return err
	}
	err = extents(f.data, 0, f.size, func(from, to int64) error {
		first, end := from/BlockSize, (to+BlockSize-1)/BlockSize
		raw := make([]byte, min(end-first, slotsAtOnce)*slotSize)
		for ; first < end; first += slotsAtOnce {
			raw = raw[:min(end-first, slotsAtOnce)*slotSize]
			if err := f.readSlots(raw, first); err != nil {
				return err
			}
			err := runs(first, raw, func(s slot) bool { return !s.present() }, f.punch)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
