package archivefile

// NoteMark is noteMark, for the tests in package archivefile_test.
const NoteMark = noteMark
