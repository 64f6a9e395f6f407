package overview

// Rect is a rectangle in a plane whose y grows downwards.
type Rect struct{ X, Y, W, H float64 }

// Treemap divides a rectangle into one for each of the sizes, with areas in proportion to them and
// as square as they get. Sizes must be positive, the largest first. It is the algorithm of Bruls,
// Huizing and van Wijk, "Squarified Treemaps" (2000).
func Treemap(in Rect, sizes []float64) []Rect {
	total := 0.0
	for _, s := range sizes {
		total += s
	}
	out := make([]Rect, 0, len(sizes))
	if total <= 0 || in.W <= 0 || in.H <= 0 {
		return append(out, make([]Rect, len(sizes))...)
	}
	scale := in.W * in.H / total
	for len(sizes) > 0 {
		side := min(in.W, in.H)
		n, sum := 1, sizes[0]*scale
		worst := stretch(sizes[0]*scale, sizes[0]*scale, sum, side)
		for n < len(sizes) {
			next := sum + sizes[n]*scale
			w := stretch(sizes[0]*scale, sizes[n]*scale, next, side)
			if w > worst {
				break
			}
			n, sum, worst = n+1, next, w
		}
		out = append(out, line(&in, sizes[:n], scale, sum)...)
		sizes = sizes[n:]
	}
	return out
}

// stretch returns how far the worst rectangle of a line is from a square, which is 1. The line has
// the area sum and lies along a side; its largest and smallest areas are given.
func stretch(largest, smallest, sum, side float64) float64 {
	s2, w2 := sum*sum, side*side
	return max(w2*largest/s2, s2/(w2*smallest))
}

// line lays sizes out along the shorter side of a rectangle, and takes their area off it.
func line(in *Rect, sizes []float64, scale, sum float64) []Rect {
	out := make([]Rect, 0, len(sizes))
	at := 0.0
	if in.W >= in.H {
		depth := min(sum/in.H, in.W)
		for _, s := range sizes {
			h := s * scale / depth
			out = append(out, Rect{in.X, in.Y + at, depth, h})
			at += h
		}
		in.X, in.W = in.X+depth, in.W-depth
		return out
	}
	depth := min(sum/in.W, in.H)
	for _, s := range sizes {
		w := s * scale / depth
		out = append(out, Rect{in.X + at, in.Y, w, depth})
		at += w
	}
	in.Y, in.H = in.Y+depth, in.H-depth
	return out
}
