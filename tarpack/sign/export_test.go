package sign

// Workers returns the workers that a scan gets from the options.
func Workers(n int) int { return (&signer{o: Options{Workers: n}}).scan().Workers }
