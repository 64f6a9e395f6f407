// Package guard decides whether the file under an open archive may be answered from.
//
//	stamp.go   Stamp, the files behind an archive's name: whether they were replaced
//	busy.go    whether a program is writing them
//	guard.go   Guard: whether the open files have changed, and what that means
//	proof.go   Proof: comparing an archive with its index when that is in doubt
//	origin.go  Origin, the file that a converted archive was made of
//
// An archive is opened after [WaitUntilWritten]. [New] returns its Guard, which watches the files
// that answers are read from, and [Guard.Accept] begins that. Each answer is checked by
// [Guard.Check] after its last byte was read. If the content may have changed, the archive is
// withdrawn: package archives opens it again when [CheckBusy] allows that.
package guard
