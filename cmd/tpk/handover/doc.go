// Package handover starts this program again in a new process, and gives that the listeners of a
// server. The new process takes over as soon as it is ready: there is no moment at which a client
// finds nobody.
//
//	former process                        new process
//	Start: opens a pair of sockets
//	       runs the program again    →    Receive: listeners, and the line
//	       the list of archives      →    its archives, if they were changed
//	       waits                          opens its archives, accepts connections
//	                                 ←    Line.Ready: one byte
//	Successor.Confirm: one byte      →    goes on
//	accepts no more, and drains           serves
//	Successor.Ended                  ←    end of the line, if it ends too early
//
// The names of the listeners are in a variable of the environment, as JSON. The line is descriptor
// 3, and the listeners follow in the order of their names. The archives come over the line, since a
// variable has no room for a long list, and others can read it.
package handover

import "errors"

// variable is the environment variable for the names of the listeners.
const variable = "TPK_HANDOVER"

// Errors of Start.
var (
	ErrPlatform = errors.New("this system has no way to hand listeners over to a new process")
	ErrEnded    = errors.New("the new process has ended before it was ready")
)
