package pull

// Workers returns the workers that a scan gets from the options.
func Workers(n int) int { return (&Options{Workers: n}).scan().Workers }
