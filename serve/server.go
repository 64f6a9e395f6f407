package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tarpack/tpk/serve/archives"
	"github.com/tarpack/tpk/serve/engine"
	"github.com/tarpack/tpk/serve/listing"
	"github.com/tarpack/tpk/serve/plan"
)

// Archive names an archive and the path it is mounted at.
type Archive = archives.Spec

// Config is what a Server is made of. Without Listen, Sockets and Inherit it is one for Handler alone.
type Config struct {
	// Archives are asked in this order, those with longer mounts first.
	Archives []Archive
	// Fallback is a directory of plain files, asked last.
	Fallback string
	// Nested mounts every pack.tar.gz below Fallback where it lies, as long as it is there.
	Nested bool
	// Plan says how files are answered.
	Plan plan.Options

	Listen     []string    // TCP addresses, "127.0.0.1:8080"
	Sockets    []string    // paths of unix sockets
	SocketMode fs.FileMode // of those; 0 means 0660
	Inherit    bool        // take the sockets that systemd passes
	// CertFile and KeyFile make Listen and inherited sockets speak TLS. They are read again when they change.
	CertFile, KeyFile string
	H2C               bool   // HTTP/2 without TLS as well
	Admin             string // address of the admin server, "127.0.0.1:9090" or "unix:PATH"; "" for none
	Watch             bool   // notice when an archive is replaced

	HeaderTimeout, IdleTimeout, WriteTimeout time.Duration // see engine.Config
	ShutdownTimeout                          time.Duration // for transfers under way when Run is to end; 30 s
	MaxConns, MaxConnsPerIP, MaxHeader       int           // see engine.Config

	// AccessLog gets a line a request, in AccessFormat: "combined" or "json". Nil for none.
	AccessLog    io.Writer
	AccessFormat string
	// Log gets a line for everything that whoever runs the server should know. Nil for nobody.
	Log func(message string)
	// Ready is called when the first request can be answered, with the addresses. Nil for nobody.
	Ready func(addresses []net.Addr)
}

// Server serves archives.
type Server struct {
	config  Config
	library *archives.Library
	engine  *engine.Engine
	access  *accessLog
	cert    *certificate // nil without TLS
	reloads reloads
}

// ErrConfig is what errors of New wrap that are the configuration's. Errors of plan.New wrap plan.ErrOption.
var ErrConfig = errors.New("bad configuration")

// tcpAddresses are all that are listened on.
func (c *Config) tcpAddresses() []string {
	all := c.Listen
	if c.Admin != "" && !strings.HasPrefix(c.Admin, "unix:") {
		all = append(all[:len(all):len(all)], c.Admin)
	}
	return all
}

// New makes a Server. It opens no archive yet, and must be closed.
func New(c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = func(string) {}
	}
	if c.ShutdownTimeout == 0 {
		c.ShutdownTimeout = 30 * time.Second
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		return nil, fmt.Errorf("%w: a certificate and its key go together", ErrConfig)
	}
	for _, address := range c.tcpAddresses() {
		if err := checkAddress(address); err != nil {
			return nil, err
		}
	}
	planner, err := plan.New(c.Plan)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c}
	if c.CertFile != "" {
		if s.cert, err = loadCertificate(c.CertFile, c.KeyFile, c.Log); err != nil {
			return nil, err
		}
	}
	if s.library, err = archives.NewLibrary(archives.Options{Fallback: c.Fallback, Nested: c.Nested, Notice: c.Log}); err != nil {
		return nil, err
	}
	ec := engine.Config{
		Planner: planner, Library: s.library, HeaderTimeout: c.HeaderTimeout, IdleTimeout: c.IdleTimeout, WriteTimeout: c.WriteTimeout,
		MaxHeader: c.MaxHeader, MaxConns: c.MaxConns, MaxConnsPerIP: c.MaxConnsPerIP, H2C: c.H2C, Timing: c.Admin != "",
		Log: func(err error) { c.Log(err.Error()) },
	}
	if c.Plan.Listing {
		ec.Lister = listing.New(planner).Answer
	}
	if c.AccessLog != nil {
		if s.access, err = newAccessLog(c.AccessLog, c.AccessFormat, c.Log); err != nil {
			s.library.Close()
			return nil, err
		}
		ec.Access = s.access.log
	}
	s.engine = engine.New(ec)
	return s, nil
}

// Close ends a Server that is not running.
func (s *Server) Close() {
	s.engine.Close()
	s.library.Close()
	if s.access != nil {
		s.access.close()
	}
}

// Handler answers requests in a program's own server. Until Load has returned it answers 503.
func (s *Server) Handler() http.Handler { return s.engine.Handler() }

// Load opens the archives of Config. One without an index is indexed first, which takes long.
func (s *Server) Load(ctx context.Context) error {
	err := s.library.Load(ctx, s.config.Archives)
	s.reloads.count(err)
	return err
}

// Reload opens again the archives whose files have changed. If one can't be opened nothing changes.
func (s *Server) Reload(ctx context.Context) error {
	err := s.library.Reload(ctx)
	s.reloads.count(err)
	return err
}

// Run serves until ctx ends, and then lets transfers under way finish. It is called once. An archive of Config that
// can't be opened ends it with an error.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listeners, err := s.listen()
	if err != nil {
		return err
	}
	stopAdmin, err := s.startAdmin()
	if err != nil {
		closeAll(listeners)
		return err
	}
	defer stopAdmin()

	loaded := make(chan error, 1)
	go func() { loaded <- s.Load(ctx) }()
	select {
	case err = <-loaded:
		loaded <- err
	case <-time.After(grace): // it is being indexed: requests get 503 meanwhile
	case <-ctx.Done():
	}
	var accepting sync.WaitGroup
	for _, ln := range listeners {
		accepting.Go(func() { s.engine.Serve(ln) })
	}
	if err == nil {
		err = s.serve(ctx, loaded, listeners)
	}
	closeAll(listeners)
	accepting.Wait()
	limit, stop := context.WithTimeout(context.Background(), s.config.ShutdownTimeout)
	defer stop()
	if s.engine.Shutdown(limit) != nil {
		s.config.Log("transfers still under way after " + s.config.ShutdownTimeout.String() + " were cut off")
	}
	return err
}

// grace is how long requests wait for the archives to be opened before they get 503.
const grace = 200 * time.Millisecond

// serve waits for the end, after the archives have been loaded.
func (s *Server) serve(ctx context.Context, loaded <-chan error, listeners []net.Listener) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-loaded:
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	if s.config.Ready != nil {
		s.config.Ready(addresses(listeners))
	}
	if s.config.Watch {
		s.watch(ctx)
	}
	<-ctx.Done()
	return nil
}
