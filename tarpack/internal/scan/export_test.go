package scan

// ErrAltered is errAltered, for the tests in package scan_test.
var ErrAltered = errAltered
