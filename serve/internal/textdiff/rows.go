package textdiff

// Row is a row of a page with two texts side by side.
type Row struct {
	Old, New int  // numbers of lines, from 1; 0 if there is none
	Same     bool // the lines are the same
	Fold     int  // so many lines are left out here, and the row has none
}

// Context is how many lines that are the same are shown before and after an edit.
const Context = 3

// Rows puts lines side by side. Of lines that are the same it has only those around an edit, unless
// all is set. oldLen and newLen are how many lines the texts have.
func Rows(edits []Edit, oldLen, newLen int, all bool) (rows []Row) {
	same := func(old, new, end int) {
		for ; old < end; old, new = old+1, new+1 {
			rows = append(rows, Row{Old: old + 1, New: new + 1, Same: true})
		}
	}
	old, new := 0, 0
	for k := 0; k <= len(edits); k++ {
		e := Edit{oldLen, oldLen, newLen, newLen}
		if k < len(edits) {
			e = edits[k]
		}
		head, tail := Context, Context // around what is folded
		if k == 0 {
			head = 0
		}
		if k == len(edits) {
			tail = 0
		}
		if n := e.Old - old - head - tail; n > 1 && !all {
			same(old, new, old+head)
			rows = append(rows, Row{Fold: n})
			old, new = e.Old-tail, e.New-tail
		}
		same(old, new, e.Old)
		for i := range max(e.OldEnd-e.Old, e.NewEnd-e.New) {
			var r Row
			if e.Old+i < e.OldEnd {
				r.Old = e.Old + i + 1
			}
			if e.New+i < e.NewEnd {
				r.New = e.New + i + 1
			}
			rows = append(rows, r)
		}
		old, new = e.OldEnd, e.NewEnd
	}
	return rows
}
