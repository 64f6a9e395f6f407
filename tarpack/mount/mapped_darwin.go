package mount

// mapped returns 0: the system does not reveal it.
func mapped() int64 { return 0 }
