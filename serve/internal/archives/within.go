package archives

import (
	"errors"
	"io"

	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/signature"
)

// downloadWithin is downloadBeside for an archive in a container, which also has the files beside
// it. name is the name of the archive.
func (v *View) downloadWithin(a *Archive, name, kind string) (plan.Node, error) {
	offset, size, ok := a.tar.Within().Beside(beside[kind])
	switch {
	case !ok,
		kind == "tpx" && !a.HasText(),
		kind == "tpv" && (a.encoded == nil || a.encoded.Current() == nil):
		return plan.Node{}, nil
	}
	f, err := a.tar.Within().Reopen()
	if err != nil {
		return plan.Node{}, a.Wrap(err)
	}
	if kind == "sum" || kind == "minisig" {
		if ok, err = a.isSumWithin(f); !ok || err != nil {
			return plan.Node{}, errors.Join(err, f.Close())
		}
	}
	n, err := plain.NodeOf(f)
	if err != nil {
		return plan.Node{}, errors.Join(err, f.Close())
	}
	n.Kind, n.Name = plan.Download, name+beside[kind]
	n.Sniff, n.UTF8 = "", false // those of the container
	n.Offset, n.Size = offset, size
	n.Hash += uint64(offset) // each file in the container has its own
	return v.found(n, f)
}

// isSumWithin reports whether the container f has the checksums of the archive in it.
func (a *Archive) isSumWithin(f io.ReaderAt) (bool, error) {
	offset, size, ok := a.tar.Within().Beside(signature.SumSuffix)
	if !ok {
		return false, nil
	}
	return a.isSumOf(io.NewSectionReader(f, offset, size))
}
