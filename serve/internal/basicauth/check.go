package basicauth

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// Errors of Check.
var (
	ErrSlow = errors.New("the password has to be compared, which takes long")
	ErrBusy = errors.New("too many passwords are waiting to be compared")
)

// Limits of the queue of checks.
const (
	maxWaiting = 64
	maxWait    = 10 * time.Second
)

// Share is how many checks of one client may wait, so that it leaves room for others. The caller
// counts them.
const Share = maxWaiting / 2

// maxPassword is how many bytes a password may have. Some hashes take longer for longer ones.
const maxPassword = 1 << 10

// Check reports whether a request with an Authorization field is allowed. now is in seconds since
// 1970. If instant is set and that would take long, the error is ErrSlow. If too many others are
// waiting, it is ErrBusy.
func (f *File) Check(authorization string, now int64, instant bool) (bool, error) {
	f.follow(now)
	name, password, ok := credentials(authorization)
	if !ok {
		return false, nil
	}
	us := f.users.Load()
	u, exists := us.byName[name]
	if !exists {
		u = us.standIn(name)
	}
	sum := f.known.sum(name, password, u.hash)
	if exists && f.known.has(sum) {
		return true, nil
	}
	if instant {
		return false, ErrSlow
	}
	defer f.waiting.Add(-1)
	if f.waiting.Add(1) > maxWaiting {
		return false, ErrBusy
	}
	done, err := f.turns.TakeWithin(context.Background(), maxWait, ErrBusy)
	if err != nil {
		return false, err
	}
	defer done()
	if exists && f.known.has(sum) { // another request of the same user was first
		return true, nil
	}
	if !u.check(u.hash, password) || !exists {
		return false, nil
	}
	f.known.add(sum)
	return true, nil
}

// User returns the user that an Authorization field names, whether its password is right or not, or
// "" if it names none.
func User(authorization string) string {
	name, _, _ := credentials(authorization)
	return name
}

// credentials reads an Authorization field (RFC 7617 §2).
func credentials(field string) (name, password string, ok bool) {
	scheme, token, _ := strings.Cut(field, " ")
	if !ascii.EqualFold(scheme, "basic") {
		return "", "", false
	}
	b, err := base64.StdEncoding.DecodeString(strings.Trim(token, " "))
	if err != nil {
		return "", "", false
	}
	name, password, ok = strings.Cut(string(b), ":")
	if !ok { // perhaps it is a password alone
		return "", "", false
	}
	return name, password, len(password) <= maxPassword
}
