package reading

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Downloaded is an archive that is a file, or was copied from a server into temporary files.
type Downloaded struct {
	File string // the name of its file
	dir  string // of the temporary files; "" if there are none
	url  string // for messages, if it is on a server
}

// Download copies an archive on a server into a temporary directory. One that is a file stays
// where it is.
func Download(c *cli.Context, name string, trust *signature.Trust) (_ *Downloaded, err error) {
	ro, err := flags.ReadRemote(c)
	if err != nil {
		return nil, err
	}
	onServer, err := IsRemote(c, name)
	if err != nil {
		return nil, err
	}
	if !onServer {
		return &Downloaded{File: name}, nil
	}
	o, err := remoteOptions(name, ro, nil)
	if err != nil {
		return nil, err
	}
	o.Trust = trust
	d := &Downloaded{}
	if d.dir, err = os.MkdirTemp("", "tpk-"); err != nil {
		return nil, err
	}
	if d.File, d.url, err = remote.Download(c.Context, name, d.dir, o); err != nil {
		return nil, errors.Join(HintRemote(err), d.Close())
	}
	return d, nil
}

// Remote reports whether the archive is on a server.
func (d *Downloaded) Remote() bool { return d.dir != "" }

// Close removes the temporary files.
func (d *Downloaded) Close() error {
	if d.dir == "" {
		return nil
	}
	return os.RemoveAll(d.dir)
}

// NameOf returns text with the URLs of temporary files in place of their names.
func (d *Downloaded) NameOf(text string) string {
	if d.dir == "" {
		return text
	}
	text = strings.ReplaceAll(text, d.File, d.url)
	above := d.url[:strings.LastIndexByte(d.url, '/')+1]
	return strings.ReplaceAll(text, filepath.Dir(d.File)+string(filepath.Separator), above)
}

// Say returns err with the URLs of temporary files in its text in place of their names.
func (d *Downloaded) Say(err error) error {
	if err == nil || d.dir == "" || errors.Is(err, report.ErrReported) {
		return err
	}
	return downloadFirst(&textError{err, d.NameOf(err.Error())})
}
