package edition

// MissingError is the error of what the small build lacks, by its name.
type MissingError string

// Error implements error.
func (m MissingError) Error() string { return "this build has no " + string(m) }
