package durable

import "time"

// Tick is how long two writes may get the same time from a file system. Linux takes file times from
// a clock that advances every 1 to 10 ms; twice that is on the safe side.
const Tick = 20 * time.Millisecond

// SecondEnd returns when a second since 1970 is over for a file system: later writes do not get a
// modification time in it.
func SecondEnd(second int64) time.Time { return time.Unix(second+1, 0).Add(Tick) }

// IsPast reports whether now is after SecondEnd.
func IsPast(second int64, now time.Time) bool { return second < now.Add(-Tick).Unix() }
