package serve

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/serve/internal/engine"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// listener is a net.Listener, and how its connections are answered.
type listener struct {
	net.Listener
	via    engine.Via
	scheme scheme
}

// listen opens all listeners, or none. Those of a former process are open already.
func (s *Server) listen(o *RunOptions, open *opener) (all []listener, err error) {
	var config *tls.Config
	if len(o.Certificates) > 0 {
		if config, err = newTLSConfig(o.Certificates, s.options.Log); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			closeAll(all)
		}
	}()
	for _, address := range o.Listen {
		ln, err := listenAt(open, address, o.SocketMode)
		if err != nil {
			return all, err
		}
		all = append(all, ln)
	}
	for _, path := range o.Sockets {
		ln, err := open.open(kindSocket, path, func() (net.Listener, error) {
			return listenUnix(path, o.SocketMode)
		})
		if err != nil {
			return all, err
		}
		all = append(all, listener{Listener: ln})
	}
	if o.Inherit {
		all = append(all, inherited(open)...)
	}
	if len(all) == 0 {
		return nil, plan.BadOption("Listen", "there is nothing to listen on")
	}
	err = setVia(all, config, o)
	if err == nil && s.users != nil {
		s.warnUnencrypted(all)
	}
	return all, err
}

// warnUnencrypted warns of listeners on which passwords can be read by others.
func (s *Server) warnUnencrypted(all []listener) {
	for i := range all {
		tcp, ok := all[i].Addr().(*net.TCPAddr)
		if ok && !tcp.IP.IsLoopback() && all[i].via.TLS == nil && all[i].via.HTTPSPort == 0 {
			s.options.Log("passwords are sent unencrypted to " + tcp.String() +
				": use https there, or a proxy in front that does")
		}
	}
}

// listenAt listens on an address of RunOptions.Listen.
func listenAt(open *opener, address string, mode fs.FileMode) (listener, error) {
	s, rest := cutScheme(address)
	ln, err := open.open(kindListen, address, func() (net.Listener, error) {
		if path, ok := cutUnix(address); ok {
			return listenUnix(path, mode)
		}
		return net.Listen("tcp", rest)
	})
	return listener{Listener: ln, scheme: s}, err
}

// inherited returns the listeners among the sockets that systemd passes, or has passed to the
// former process. Each has the scheme that it is named after.
func inherited(open *opener) []listener {
	all := open.systemd()
	if len(all) == 0 {
		all = activated()
	}
	open.noteSystemd(all)
	return all
}

// activated returns the listeners among the sockets that systemd passes.
func activated() (all []listener) {
	for _, f := range activation.Files(true) {
		ln, err := net.FileListener(f)
		if err != nil {
			continue // a socket that is not a listener, which may be for something else
		}
		_ = f.Close()
		all = append(all, listener{Listener: ln, scheme: schemeNamed(f.Name())})
	}
	return all
}

// setVia decides how the connections of the listeners are answered. config is nil without
// certificates.
func setVia(all []listener, config *tls.Config, o *RunOptions) error {
	port := 0
	for i := range all {
		ln := &all[i]
		tcp, ok := ln.Addr().(*net.TCPAddr)
		if !ok || !ln.scheme.secure(config != nil) {
			continue
		}
		if config == nil {
			return plan.BadOption("Certificates", "the inherited socket %s is for https", ln.Addr())
		}
		ln.via.TLS = config
		if port == 0 {
			port = cmp.Or(o.RedirectPort, tcp.Port)
		}
	}
	for i := range all {
		if all[i].scheme == httpOnly && !o.NoRedirect {
			all[i].via.HTTPSPort = port
		}
	}
	return nil
}

// Errors of a path for a Unix socket.
var (
	ErrSocketInUse = errors.New("another server listens on this socket")
	ErrNoSocket    = errors.New("exists and is not a socket")
)

// listenUnix listens on a path. It removes a socket on which nothing listens any more. One that is
// in use, or a file of another kind, is an error.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	if fi, err := os.Lstat(path); err == nil && fi.Mode().Type() == fs.ModeSocket {
		c, err := net.DialTimeout("unix", path, time.Second)
		switch {
		case err == nil:
			_ = c.Close()
			return nil, fmt.Errorf("%s: %w", path, ErrSocketInUse)
		case osfile.Is(err, syscall.ECONNREFUSED):
			if err := os.Remove(path); err != nil {
				return nil, err
			}
		}
	}
	if mode == 0 {
		mode = 0o660
	}
	// The socket is made in a private directory and linked into place, so that it has its mode
	// before anything can connect.
	dir, err := os.MkdirTemp(dirOf(path), ".tpk")
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			pe.Path = path // not that of the private directory
		}
		return nil, err
	}
	defer os.RemoveAll(dir)
	made := dir + "/s"
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false)
	if err = os.Chmod(made, mode); err == nil {
		err = os.Link(made, path) // unlike a rename, this replaces nothing
	}
	if err != nil {
		_ = ln.Close()
		if errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%s: %w", path, ErrNoSocket)
		}
		return nil, err
	}
	return &unixListener{UnixListener: ln, path: path}, nil
}

// dirOf returns the directory of a path.
func dirOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i+1]
	}
	return "."
}

// unixListener removes its socket when it is closed, unless keep is set.
type unixListener struct {
	*net.UnixListener
	path string
	keep atomic.Bool // another process listens on it
}

func (l *unixListener) Close() error {
	if l.keep.Load() {
		return l.UnixListener.Close()
	}
	return errors.Join(l.UnixListener.Close(),
		os.Remove(l.path))
}

func (l *unixListener) Addr() net.Addr { return &net.UnixAddr{Name: l.path, Net: "unix"} }

func closeAll(listeners []listener) {
	for _, ln := range listeners {
		_ = ln.Close()
	}
}
