package serve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// listener is a net.Listener, and how its connections speak TLS: not at all if config is nil.
type listener struct {
	net.Listener
	config *tls.Config
}

// listen opens all listeners, or none.
func (s *Server) listen(o *RunOptions) (all []listener, err error) {
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
		ln, err := net.Listen("tcp", address)
		if err != nil {
			return all, err
		}
		all = append(all, listener{ln, config})
	}
	for _, path := range o.Sockets {
		ln, err := listenUnix(path, o.SocketMode)
		if err != nil {
			return all, err
		}
		all = append(all, listener{Listener: ln})
	}
	if o.Inherit {
		inherited, err := activation.Listeners()
		if err != nil {
			return all, err
		}
		for _, ln := range inherited {
			switch ln.(type) {
			case nil: // a socket that is not a listener
			case *net.TCPListener:
				all = append(all, listener{ln, config})
			default:
				all = append(all, listener{Listener: ln})
			}
		}
	}
	if len(all) == 0 {
		return nil, plan.BadOption("Listen", "there is nothing to listen on")
	}
	return all, nil
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
		case errors.Is(err, syscall.ECONNREFUSED):
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

// unixListener removes its socket when it is closed.
type unixListener struct {
	*net.UnixListener
	path string
}

func (l *unixListener) Close() error {
	return errors.Join(l.UnixListener.Close(),
		os.Remove(l.path))
}

func (l *unixListener) Addr() net.Addr { return &net.UnixAddr{Name: l.path, Net: "unix"} }

func closeAll(listeners []listener) {
	for _, ln := range listeners {
		_ = ln.Close()
	}
}
