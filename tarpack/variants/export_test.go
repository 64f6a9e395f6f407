package variants

// Workers returns the workers that Build gets from the options.
func Workers(n int) int { return (&Options{Workers: n}).workers() }
