package edition

// Missing is the error of what the small build lacks, by its name.
type Missing string

// Error implements error.
func (m Missing) Error() string { return "this build has no " + string(m) }
