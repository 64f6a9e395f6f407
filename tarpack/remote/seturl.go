package remote

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/tarpack/tpk/tarpack/format"
)

// setURL is the URLs of the files of a shard set. They have the names of package format, and all
// have the same query.
type setURL struct {
	names format.SetName
	query string // with its question mark, and a fragment
}

func (u setURL) list() string { return u.names.List() + u.query }

func (u setURL) shard(i int) string { return u.names.Shard(i) + u.query }

// parseListURL returns the set whose list has a URL.
func parseListURL(rawURL string) (u setURL, ok bool) {
	file, query := cutQuery(rawURL)
	names, ok := format.ParseListName(file)
	return setURL{names, query}, ok
}

// parseFirstURL returns the set whose first shard has a URL.
func parseFirstURL(rawURL string) (u setURL, ok bool) {
	file, query := cutQuery(rawURL)
	names, i, ok := format.ParseShardName(file)
	return setURL{names, query}, ok && i == 0
}

// findSet returns the set that a URL stands for. That is one if the URL is that of its list, or of
// its first shard if the list is there: then the list is open.
func (o *Options) findSet(ctx context.Context, rawURL string) (u setURL, list opened, ok bool) {
	if u, ok = parseListURL(rawURL); ok {
		return u, opened{}, true
	}
	if u, ok = parseFirstURL(rawURL); !ok {
		return u, opened{}, false
	}
	list = o.object(ctx, u.list(), firstIndex)
	return u, list, !IsMissing(list.err)
}

// packedAs returns the set that was packed under a name in S3, where objects can be listed. A
// bucket that may not be listed has none. The error is about two sets.
func (o *Options) packedAs(ctx context.Context, rawURL string) (u setURL, ok bool, err error) {
	if !isS3(rawURL) || o.S3 == nil {
		return u, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(o.HeaderTimeout, 30*time.Second))
	defer cancel()
	stem, ext := format.CutArchiveSuffix(rawURL)
	names, err := o.S3.List(ctx, stem+"-of-", most)
	if err != nil {
		return u, false, nil
	}
	for _, name := range names {
		one, is := parseListURL(name)
		switch {
		case !is || one.names.Stem != stem || one.names.Ext != ext:
		case ok:
			return u, false, fmt.Errorf("%s: %w, but two sets of this name do: %s and %s", rawURL,
				fs.ErrNotExist, path.Base(u.list()), path.Base(one.list()))
		default:
			u, ok = one, true
		}
	}
	return u, ok, nil
}

// most is how many names of objects are listed. A set has four that begin like this.
const most = 20

// checkAlone returns an error if the archive with the URL of a first shard is not alone: its set
// has no list.
func (o *Options) checkAlone(ctx context.Context, rawURL string) error {
	u, ok := parseFirstURL(rawURL)
	if !ok || u.names.N == 1 {
		return nil
	}
	other := o.object(ctx, u.shard(1), 1)
	switch {
	case IsMissing(other.err):
		return nil
	case other.err != nil:
		return other.err
	}
	s, err := o.store(u.list())
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w: there is no such file", s.Name(), format.ErrNoList)
}
