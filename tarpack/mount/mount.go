//go:build linux || darwin

package mount

import (
	"context"
	"errors"
	"fmt"
	stdlog "log" //nolint:depguard // go-fuse takes a log.Logger
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Supported says whether tpk can mount on this system.
const Supported = true

// Mount is what [Start] has mounted.
type Mount struct {
	dir    string
	server *fuse.Server
	files  *fileSystem
	stop   context.CancelFunc
	ended  chan struct{}
	err    error // of unmounting
	once   sync.Once
}

// followEvery is the time between looks for new versions, and for how long the kernel keeps names
// of files that may be replaced.
const followEvery = time.Second

// Start mounts archives on the directory dir, which must exist. They can be read when it returns,
// until the context ends, Unmount is called, or somebody else unmounts them. The error is o.Open's,
// or wraps [ErrUnsupported], [ErrNoFuse] or fs.ErrNotExist, for example.
func Start(ctx context.Context, dir string, o Options) (*Mount, error) {
	if fi, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !fi.IsDir() {
		return nil, fmt.Errorf("%s: %w", dir, ErrNotDirectory)
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	layers, err := o.Open(ctx)
	if err != nil {
		return nil, err
	}
	t, err := newTree(0, layers)
	if err != nil {
		return nil, err
	}
	f := newFileSystem(t, &o)
	server, err := serve(f, path, &o)
	if err != nil {
		f.trees.closeAll()
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	m := &Mount{dir: path, server: server, files: f, stop: stop, ended: make(chan struct{})}
	following := make(chan struct{})
	go func() {
		defer close(following)
		if o.Replace {
			f.follow(background, o.Open)
		}
	}()
	go func() {
		server.Serve()
		stop()
		<-following
		f.trees.closeAll()
		close(m.ended)
	}()
	err = server.WaitMount()
	if err == nil {
		err = refusePolls(path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, err), m.unmount(true), m.Wait())
	}
	release := context.AfterFunc(ctx, func() {
		_ = m.unmount(true) // Wait returns the error
	})
	context.AfterFunc(background, func() { release() })
	return m, nil
}

func newFileSystem(t *tree, o *Options) *fileSystem {
	say := o.Log
	if say == nil {
		say = func(string) {}
	}
	f := &fileSystem{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		contents:      newContents(), log: &log{say: say}, valid: forever,
		owner: fuse.Owner{Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid())},
	}
	f.trees = newGenerations(t, f.contents.forget)
	f.memory = &memory{trees: f.trees}
	if o.Replace {
		f.valid = followEvery
		f.handles = &handles{open: map[uint64]*handle{}}
	}
	return f
}

// mountOptions returns the options of go-fuse.
func (f *fileSystem) mountOptions(o *Options) *fuse.MountOptions {
	return &fuse.MountOptions{
		AllowOther: o.AllowOther, FsName: o.Source, Name: fsName,
		MaxWrite: maxRead, MaxReadAhead: maxRead, MaxBackground: parallel(),
		EnableSymlinkCaching: true, ExplicitDataCacheControl: true, DisableXAttrs: true,
		DisableSplice:     true, // a copy costs less than a pipe
		ExtraCapabilities: capNoOpenDir,
		Logger:            stdlog.New(lineWriter(f.log.line), "", 0),
	}
}

// Parameters of mounts.
const (
	fsName  = "tpk"   // the type of the file system is fuse.tpk
	maxRead = 1 << 20 // bytes, of a request to read
)

// lineWriter passes the messages of go-fuse on.
type lineWriter func(string)

func (w lineWriter) Write(b []byte) (int, error) {
	w(strings.TrimSpace(string(b)))
	return len(b), nil
}

// Wait waits until the archives are not mounted any more, and are closed. The error is that of
// unmounting when the context of Start has ended.
func (m *Mount) Wait() error {
	<-m.ended
	return m.err
}

// Unmount unmounts the archives. The error wraps [ErrInUse] if programs use them. Then they stay
// mounted.
func (m *Mount) Unmount() error {
	if err := m.unmount(false); err != nil {
		return err
	}
	return m.Wait()
}

// unmount unmounts, with lazily also what is in use: programs can use it as long as the process
// runs, but find it no more.
func (m *Mount) unmount(lazily bool) error {
	err := unmount(m.dir, lazily)
	if err != nil && lazily {
		m.once.Do(func() { m.err = err })
	}
	return err
}
