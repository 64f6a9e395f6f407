package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// version is part of all keys. It is raised if conversions or entries change, so that old ones are
// not used.
const version = 1

// identity holds the attributes of a file that change with its content.
type identity struct {
	dev, ino, size, mtime, ctime int64
}

func identityOf(fi fs.FileInfo) identity {
	st := durable.StatOf(fi)
	return identity{int64(st.Dev), int64(st.Ino), fi.Size(), fi.ModTime().UnixNano(),
		changetime.Of(fi)}
}

// key returns the name of the entry of a file.
func (id identity) key(k kind) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "tpk cache %d %s %d %d %d %d %d", version, k, id.dev, id.ino,
		id.size, id.mtime, id.ctime))
	return hex.EncodeToString(sum[:])
}

// coarse is how long two writes may get the same time from a file system with times in seconds, as
// FAT has.
const coarse = 2 * time.Second

// settled returns the identity of an open file, once a later change is sure to give it another
// one: two changes within a tick of the clock have the same time. ok is false if that is never
// sure, as the change time is unknown or in the future.
func settled(ctx context.Context, f *os.File) (id identity, ok bool, err error) {
	for {
		fi, err := f.Stat()
		if err != nil {
			return id, false, err
		}
		id = identityOf(fi)
		if id.ctime == 0 {
			return id, false, nil
		}
		tick := durable.Tick
		if id.ctime%int64(time.Second) == 0 {
			tick = coarse
		}
		wait := time.Until(time.Unix(0, id.ctime).Add(tick))
		switch {
		case wait <= 0:
			return id, true, nil
		case wait > tick:
			return id, false, nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return id, false, context.Cause(ctx)
		}
	}
}

// isStill reports whether a file still has this identity.
func (id identity) isStill(f *os.File) bool {
	fi, err := f.Stat()
	return err == nil && identityOf(fi) == id
}
