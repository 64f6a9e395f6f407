package archives

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/text"
)

// beside are the suffixes of files beside an archive that are downloaded with it, by kind. They
// have something of every entry, so they are there only if the archive itself can be downloaded.
var beside = map[string]string{"tpx": text.Suffix, "tpv": format.VariantsSuffix,
	"sum": signature.SumSuffix, "minisig": signature.SignatureSuffix}

// downloadBeside describes a file beside the archive that is mounted at path. The node is Missing
// if there is none that belongs to the archive as it is.
func (v *View) downloadBeside(path, kind string) (plan.Node, error) {
	whole := v.set.download(path, "tar.gz")
	if whole.Kind != plan.Download {
		return plan.Node{}, nil
	}
	a := v.set.sources[whole.Source]
	if a.origin != nil || a.stamp.Archive == nil || !a.stamp.Archive.Mode().IsRegular() ||
		a.renamed() {
		return plan.Node{}, nil // it has no name that another file could be beside
	}
	if a.tar.Within() != nil {
		return v.downloadWithin(a, whole.Name, kind)
	}
	f, err := a.openBeside(kind)
	if f == nil || err != nil {
		return plan.Node{}, err
	}
	n, err := plain.NodeOf(f)
	if err != nil {
		return plan.Node{}, errors.Join(err, f.Close())
	}
	n.Kind, n.Name = plan.Download, whole.Name+beside[kind]
	return v.found(n, f)
}

// openBeside opens a file beside the archive. It is nil if there is none, or one of another
// archive.
func (a *Archive) openBeside(kind string) (*os.File, error) {
	name := guard.BesideName(a.tar.Name(), beside[kind])
	switch kind {
	case "tpx":
		if !a.HasText() {
			return nil, nil
		}
		return a.text.Open()
	case "tpv":
		if a.encoded == nil {
			return nil, nil
		}
		return a.encoded.Open()
	case "minisig":
		if sum, err := a.openBeside("sum"); sum == nil || err != nil {
			return nil, err
		} else if err := sum.Close(); err != nil {
			return nil, err
		}
		return openIfThere(name)
	}
	f, err := openIfThere(name)
	if f == nil || err != nil {
		return nil, err
	}
	if ok, err := a.isSumOf(f); !ok || err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// openIfThere opens a regular file. It is nil if there is none that may be read.
func openIfThere(name string) (*os.File, error) {
	f, err := regular.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) ||
		errors.Is(err, regular.ErrNotRegular) {
		return nil, nil
	}
	return f, err
}

// isSumOf reports whether a file has the checksums of the archive, and not those of an older one.
func (a *Archive) isSumOf(f io.ReaderAt) (bool, error) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, signature.MaxArchiveSum))
	if err != nil {
		return false, err
	}
	sum, err := signature.Parse(b)
	if err != nil || sum.Size != a.tar.Size() {
		return false, nil
	}
	var header sidecar.Header
	if _, err := a.Index.ReadAt(header[:], 0); err != nil {
		return false, a.Wrap(err)
	}
	return sha256.Sum256(header[:]) == sum.Index, nil
}
