//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package live

// perFile means that the system's events come from files that are opened for that (kqueue(2)).
const perFile = true
