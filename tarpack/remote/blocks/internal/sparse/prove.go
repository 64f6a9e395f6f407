package sparse

// Keep makes blocks proven, if this process knows them. So they survive a restart.
func (f *File) Keep(first, end int64) {
	if !f.anyUnproven(first, end) {
		return
	}
	f.change.Lock()
	defer f.change.Unlock()
	unlock, err := f.files.lock()
	if err != nil {
		return // they are fetched again after a restart
	}
	defer unlock()
	for block := first; block < end; block++ {
		s, ok := f.knownSlot(block)
		if !ok || s.state() == proven {
			continue
		}
		now, err := f.slot(block)
		if err != nil || !now.same(s) {
			continue
		}
		s.tag = s.tag&^(1<<stateBits-1) | uint32(proven)
		if f.setSlot(block, s) == nil {
			f.learn(block, s)
		}
	}
}

func (f *File) knownSlot(block int64) (slot, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.known[block]
	return s, ok
}

func (f *File) anyUnproven(first, end int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for block := first; block < end; block++ {
		if s, ok := f.known[block]; ok && s.state() == unproven {
			return true
		}
	}
	return false
}

// Drop removes blocks, proven or not.
func (f *File) Drop(first, end int64) {
	f.change.Lock()
	defer f.change.Unlock()
	unlock, err := f.files.lock()
	if err != nil {
		return
	}
	defer unlock()
	for block := first; block < end; block++ {
		if s, err := f.slot(block); err == nil && s.present() {
			f.discard(block, 1)
		}
	}
}
