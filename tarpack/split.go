package tarpack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/sidecar"
)

// MaxShards is the most archives that one is split into.
const MaxShards = 65536

// SplitOptions says how to split. Exactly one of Size and Shards is to be set.
type SplitOptions struct {
	EditOptions
	Size   int64 // about how many bytes a shard has; an entry is never cut, so one that is larger makes a larger shard
	Shards int   // how many there are, 1 to MaxShards
}

// Shard is one of the archives that another one was split into.
type Shard struct {
	Name    string
	Entries int // directories that are in other shards, too, included
	Bytes   int64
}

// Split writes the entries of the archive name, in the order in which pack has them, to shards beside it: NAME-00000-of-00016.tar.gz and so on, each a
// valid archive of its own, with all directories that its entries are in. A hard link whose target comes to another shard becomes the file there, with its
// content copied. The archive itself stays. On an error the shards that were written are removed, unless others stood there before.
//
// The errors are those of Open and Pack.
func Split(ctx context.Context, name string, o SplitOptions) (shards []Shard, err error) {
	if (o.Size > 0) == (o.Shards > 0) || o.Shards > MaxShards {
		return nil, fmt.Errorf("%s: a split needs either a size or a number of shards, up to %d", name, MaxShards)
	}
	k, err := openKept(ctx, name, 0, &OpenOptions{Workers: o.Workers, Notice: o.Notice})
	if err != nil {
		return nil, err
	}
	defer k.Close()
	pl, err := planShards(ctx, k, &o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var made []string
	defer func() {
		if err != nil {
			for _, f := range made {
				err = errors.Join(err, os.Remove(f), os.Remove(f+SidecarSuffix))
			}
		}
	}()
	for i := range pl.count {
		s := Shard{Name: ShardName(name, i, pl.count), Entries: pl.entries[i], Bytes: pl.bytes[i]}
		if !o.DryRun {
			_, statErr := os.Lstat(s.Name)
			res, err := pl.write(ctx, s.Name, i, o.EditOptions)
			if err != nil {
				return nil, err
			}
			if os.IsNotExist(statErr) {
				made = append(made, s.Name)
			}
			s.Bytes = res.ArchiveBytes
		}
		shards = append(shards, s)
	}
	return shards, nil
}

// ShardName is the name of a shard of the archive name: NAME-00003-of-00016.tar.gz.
func ShardName(name string, i, n int) string {
	dir, base := filepath.Split(name)
	stem, ext := base, ""
	for _, e := range []string{".tar.gz", ".tgz"} {
		if s, ok := strings.CutSuffix(base, e); ok {
			stem, ext = s, e
		}
	}
	return filepath.Join(dir, fmt.Sprintf("%s-%05d-of-%05d%s", stem, i, n, ext))
}

// A shardPlan says which entry comes to which shard.
type shardPlan struct {
	k       *keptArchive
	count   int
	of      []uint32 // by ordinal, the shard
	last    []uint32 // of a directory, the last shard that has an entry below it
	entries []int
	bytes   []int64
}

// planShards cuts the entries, in the order of packing, into runs of about one size.
func planShards(ctx context.Context, k *keptArchive, o *SplitOptions) (*shardPlan, error) {
	n := k.index.Len()
	p := &shardPlan{k: k, of: make([]uint32, n), last: make([]uint32, n)}
	limit := o.Size
	if o.Shards > 0 {
		st := k.index.Stats()
		p.count = o.Shards
		limit = max(1, (k.size+int64(st.Hardlinks)+int64(o.Shards)-1)/int64(o.Shards))
	}
	var used int64 // bytes of the shard at hand, or with Shards of all
	shard := uint32(0)
	put := func(i int, length int64) error {
		if o.Shards > 0 {
			shard = uint32(min(used/limit, int64(o.Shards-1)))
		} else if used > 0 && used+length > limit {
			shard++
			used = 0
		}
		if shard >= MaxShards {
			return fmt.Errorf("it makes more than %d shards", MaxShards)
		}
		used += length
		p.of[i], p.last[i] = shard, shard
		return nil
	}
	var walk func(dir int) error
	walk = func(dir int) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		var later, dirs []int
		for i, err := range k.index.Children(dir) {
			if err != nil {
				return err
			}
			e, err := k.index.Entry(i)
			if err != nil {
				return err
			}
			switch rank(e.Type) {
			case 0:
				length := e.Length()
				if e.Type == sidecar.TypeHardlink {
					length = 1
				}
				if err := put(i, length); err != nil {
					return err
				}
			case 1:
				later = append(later, i)
			default:
				dirs = append(dirs, i)
			}
		}
		for _, i := range later {
			if err := put(i, 1); err != nil {
				return err
			}
		}
		for _, i := range dirs {
			if err := put(i, 1); err != nil {
				return err
			}
			if err := walk(i); err != nil {
				return err
			}
			p.last[i] = shard
		}
		return nil
	}
	if err := walk(sidecar.Root); err != nil {
		return nil, err
	}
	if p.count == 0 {
		p.count = int(shard) + 1
	}
	p.entries, p.bytes = make([]int, p.count), make([]int64, p.count)
	for i, s := range p.of {
		e, err := k.index.Entry(i)
		if err != nil {
			return nil, err
		}
		for q := s; q <= p.last[i]; q++ {
			p.entries[q]++
		}
		if e.Type == sidecar.TypeFile {
			p.bytes[s] += e.Length()
		}
	}
	return p, nil
}

// write writes shard i.
func (p *shardPlan) write(ctx context.Context, name string, i int, o EditOptions) (res EditResult, err error) {
	dst, err := createOutput(name)
	if err != nil {
		return EditResult{}, err
	}
	r := &rewrite{o: o, base: -1, layers: []layer{{kept: p.k}}}
	r.choose = func(_ string, children []child) int {
		if at := children[0].ref.i; p.of[at] <= uint32(i) && uint32(i) <= p.last[at] {
			return 0
		}
		return -1
	}
	defer func() {
		if !r.committed {
			err = errors.Join(err, dst.abort())
		}
	}()
	if err := dst.inherit(p.k.file); err != nil {
		return EditResult{}, err
	}
	return r.write(ctx, dst)
}
