package serve

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// NamedListener is a listener that one process hands over to the next. Its Name says which option
// has opened it, as "listen :80", so that the next process takes it for the same option.
type NamedListener struct {
	Name string
	net.Listener
}

// Names of listeners: the kind, a space, and the option's value. Those from systemd are numbered,
// and have the scheme that they are named after.
const (
	kindListen  = "listen"
	kindSocket  = "socket"
	kindAdmin   = "admin"
	kindSystemd = "systemd"
)

// FromSystemd reports whether a former process got the listener from systemd: see
// RunOptions.Inherit.
func (l NamedListener) FromSystemd() bool { return strings.HasPrefix(l.Name, kindSystemd+" ") }

// Errors of Server.HandOver.
var (
	ErrNotReady   = errors.New("the archives are not open yet")
	ErrHandedOver = errors.New("another process has taken over already")
)

// handover is what Run's listeners are for HandOver.
type handover struct {
	giving  sync.Mutex  // one HandOver at a time
	listing atomic.Bool // the list of archives is being handed over, or was

	mu        sync.Mutex
	listeners []NamedListener
	ready     bool
	given     chan struct{} // closed by HandOver
}

// HandOver calls give with the listeners of Run, which must be duplicated for the process that is
// to take over, and with the archives if the admin server has changed them, else with nil. give
// returns when that process accepts connections (RunOptions.Former, FormerArchives). If it returns
// nil, Run accepts no more, lets answers under way finish for RunOptions.DrainTimeout, and returns.
// Unix sockets stay where they are. After an error of give, Run goes on. Meanwhile the admin server
// answers requests that change the list of archives with 503.
//
// The error is ErrNotReady before RunOptions.Ready was called, and ErrHandedOver after a HandOver
// that went well.
func (s *Server) HandOver(give func([]NamedListener, []Archive) error) error {
	h := &s.handover
	h.giving.Lock()
	defer h.giving.Unlock()
	h.mu.Lock()
	listeners, ready := h.listeners, h.ready
	h.mu.Unlock()
	switch {
	case h.done():
		return ErrHandedOver
	case !ready:
		return ErrNotReady
	}
	h.listing.Store(true)
	if err := give(listeners, s.changedArchives()); err != nil {
		h.listing.Store(false)
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keepSockets(true)
	close(h.given)
	return nil
}

// done reports whether HandOver was successful.
func (h *handover) done() bool {
	select {
	case <-h.given:
		return true
	default:
		return false
	}
}

// add notes a listener of Run.
func (h *handover) add(kind, value string, ln net.Listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = append(h.listeners, NamedListener{kind + " " + value, ln})
}

// setReady makes HandOver possible. Unix sockets of a former process belong to this one now.
func (h *handover) setReady() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = true
	h.keepSockets(false)
}

// keepSockets makes Unix sockets stay when their listeners are closed, or not. The lock is held.
func (h *handover) keepSockets(keep bool) {
	for _, ln := range h.listeners {
		if u, ok := ln.Listener.(*unixListener); ok {
			u.keep.Store(keep)
		}
	}
}

// opener opens the listeners of Run, or takes them from a former process.
type opener struct {
	former []NamedListener
	notes  *handover
}

// open returns the listener that a former process has opened for an option, or else that of f.
func (o *opener) open(
	kind, value string, f func() (net.Listener, error),
) (ln net.Listener, err error) {
	for i, had := range o.former {
		if had.Listener != nil && had.Name == kind+" "+value {
			o.former[i].Listener = nil
			ln = had.Listener
			break
		}
	}
	if u, ok := ln.(*net.UnixListener); ok && kind != kindSystemd {
		// The former process may go on with it if this one fails.
		own := &unixListener{UnixListener: u, path: strings.TrimPrefix(value, "unix:")}
		own.keep.Store(true)
		ln = own
	}
	if ln == nil {
		if ln, err = f(); err != nil {
			return nil, err
		}
	}
	o.notes.add(kind, value, ln)
	return ln, nil
}

// systemd returns the listeners that a former process has got from systemd.
func (o *opener) systemd() (all []listener) {
	for i, had := range o.former {
		if had.Listener == nil || !had.FromSystemd() {
			continue
		}
		_, s, _ := strings.Cut(strings.TrimPrefix(had.Name, kindSystemd+" "), " ")
		all = append(all, listener{Listener: had.Listener, scheme: schemeNamed(s)})
		o.former[i].Listener = nil
	}
	return all
}

// noteSystemd notes listeners of systemd.
func (o *opener) noteSystemd(all []listener) {
	for i, ln := range all {
		value := strings.TrimSpace(strconv.Itoa(i) + " " + string(ln.scheme))
		o.notes.add(kindSystemd, value, ln.Listener)
	}
}

// closeRest closes what the former process had and this one does not need.
func (o *opener) closeRest() {
	for _, had := range o.former {
		if had.Listener != nil {
			_ = had.Close()
		}
	}
}
