//go:build !(darwin || dragonfly || freebsd || netbsd || openbsd)

package live

const perFile = false
