package forwarded

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// Introduction is a header of the PROXY protocol.
type Introduction struct {
	// Named reports whether the header names a client. It does not if the proxy itself has asked, as
	// for a health check, or does not know the client. Then the connection's address counts.
	Named bool
	// Own reports whether the proxy itself has asked: the command LOCAL of version 2. Version 1 has
	// nothing for that, so its requests with UNKNOWN are those of a client.
	Own    bool
	Client netip.AddrPort // zero if the client has no address, but a Unix socket
	Secure bool           // the client uses TLS, which the proxy has taken off
}

// Errors of ParseIntroduction.
var (
	ErrMore      = errors.New("the header of the PROXY protocol is not complete")
	ErrMalformed = errors.New("the header of the PROXY protocol is malformed")
)

const (
	versionOne     = "PROXY "
	versionOneSize = 107 // bytes at most, with the CRLF
	versionTwo     = "\r\n\r\n\x00\r\nQUIT\n"
	versionTwoHead = len(versionTwo) + 4
	versionTwoSize = 4096 // bytes at most; addresses take 216, and the rest are TLVs
)

// ParseIntroduction reads the header of the PROXY protocol that a connection begins with, of n
// bytes. n is 0 if b does not begin with one. The error is ErrMore if more than b is needed. That
// is never so for more than 4096 bytes.
func ParseIntroduction(b []byte) (in Introduction, n int, err error) {
	switch {
	case begins(b, versionOne):
		return parseOne(b)
	case begins(b, versionTwo):
		return parseTwo(b)
	}
	return in, 0, nil
}

// begins reports whether b begins with the signature, as far as b goes.
func begins(b []byte, signature string) bool {
	n := min(len(b), len(signature))
	return string(b[:n]) == signature[:n]
}

// parseOne reads "PROXY TCP4 SOURCE DESTINATION PORT PORT\r\n".
func parseOne(b []byte) (in Introduction, n int, err error) {
	end := bytes.Index(b[:min(len(b), versionOneSize)], []byte("\r\n"))
	switch {
	case end < 0 && len(b) >= versionOneSize:
		return in, 0, ErrMalformed
	case end < 0:
		return in, 0, ErrMore
	}
	f := strings.Split(string(b[:end]), " ")
	n = end + 2
	if f[1] == "UNKNOWN" {
		return in, n, nil
	}
	if len(f) != 6 || f[1] != "TCP4" && f[1] != "TCP6" {
		return in, 0, ErrMalformed
	}
	for i, text := range f[2:4] {
		a, err := netip.ParseAddr(text)
		port, err2 := strconv.ParseUint(f[4+i], 10, 16)
		if err != nil || err2 != nil || a.Zone() != "" || a.Is4() != (f[1] == "TCP4") {
			return Introduction{}, 0, ErrMalformed
		}
		if i == 0 {
			in = Introduction{Named: true, Client: netip.AddrPortFrom(a.Unmap(), uint16(port))}
		}
	}
	return in, n, nil
}

// Fields of version 2.
const (
	commandLocal = 0x20
	commandProxy = 0x21
	familyIPv4   = 0x10
	familyIPv6   = 0x20
	familyUnix   = 0x30
	sizeIPv4     = 12
	sizeIPv6     = 36
	sizeUnix     = 216
	typeSSL      = 0x20 // PP2_TYPE_SSL
	clientSSL    = 1    // PP2_CLIENT_SSL
)

// parseTwo reads the binary form.
func parseTwo(b []byte) (in Introduction, n int, err error) {
	if len(b) < versionTwoHead {
		return in, 0, ErrMore
	}
	command, family := b[12], b[13]&0xf0
	n = versionTwoHead + int(binary.BigEndian.Uint16(b[14:]))
	switch {
	case command != commandLocal && command != commandProxy, n > versionTwoSize:
		return in, 0, ErrMalformed
	case len(b) < n:
		return in, 0, ErrMore
	case command == commandLocal:
		return Introduction{Own: true}, n, nil
	}
	body := b[versionTwoHead:n]
	size := map[byte]int{familyIPv4: sizeIPv4, familyIPv6: sizeIPv6, familyUnix: sizeUnix}[family]
	switch {
	case len(body) < size:
		return in, 0, ErrMalformed
	case family == familyIPv4:
		in.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte(body)), binary.BigEndian.Uint16(body[8:]))
	case family == familyIPv6:
		in.Client = netip.AddrPortFrom(netip.AddrFrom16([16]byte(body)).Unmap(),
			binary.BigEndian.Uint16(body[32:]))
	case family != familyUnix: // AF_UNSPEC, or one to come: as UNKNOWN
		return in, n, nil
	}
	in.Named = true
	if in.Secure, err = usesTLS(body[size:]); err != nil {
		return Introduction{}, 0, err
	}
	return in, n, nil
}

// usesTLS looks for PP2_TYPE_SSL among TLVs.
func usesTLS(b []byte) (secure bool, err error) {
	for len(b) > 0 {
		if len(b) < 3 {
			return false, ErrMalformed
		}
		size := int(binary.BigEndian.Uint16(b[1:]))
		if len(b) < 3+size {
			return false, ErrMalformed
		}
		if b[0] == typeSSL && size > 0 {
			secure = b[3]&clientSSL != 0
		}
		b = b[3+size:]
	}
	return secure, nil
}
