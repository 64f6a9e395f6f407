package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/upload"
)

// An uploadOptions is where pack or convert put an archive in S3.
type uploadOptions struct {
	url    string
	server *flags.RemoteOptions
	part   int64 // size of the parts in bytes; 0 is the default
	embed  bool  // the archive has its index in itself
}

// parseUpload returns where out is in S3, or nil if it is the name of a file. Flags that need a
// file are named with whether they are set.
func parseUpload(c *cli.Context, out string, needFile map[string]bool) (*uploadOptions, error) {
	is, err := reading.IsRemote(c, out)
	name := c.Command.Name
	switch {
	case err != nil:
		return nil, err
	case !is && c.IsSet("part-size"):
		return nil, report.Usagef("%s: --part-size: only an upload has parts", name)
	case !is:
		return nil, nil
	case !strings.HasPrefix(out, "s3://"):
		return nil, report.Usagef("%s: %s: an archive is written to a file or to s3://bucket/key",
			name, report.Quote(out))
	}
	for flag, isSet := range needFile {
		if isSet {
			return nil, report.Usagef("%s: --%s: can't be used with s3://: name a file", name, flag)
		}
	}
	if err := flags.CheckUploadName(c, out); err != nil {
		return nil, err
	}
	o := &uploadOptions{url: out, embed: c.Bool("embed-index")}
	if o.server, err = flags.ReadRemote(c); err != nil {
		return nil, err
	}
	if c.IsSet("part-size") {
		o.part, err = flags.ParseSize(name, "part-size", c.String("part-size"))
		if err == nil && o.part < upload.LeastPart {
			err = report.Usagef("%s: --part-size: must be at least 5MiB", name)
		}
	}
	return o, err
}

// run calls write, which writes the archive and, unless it has its index in itself, the sidecar.
// Then both become visible. After an error nothing is left on the server.
func (o *uploadOptions) run(
	ctx context.Context, m *terminal.Meter, write func(archive, sidecar io.Writer) error,
) error {
	client, err := reading.NewS3(o.server)
	if err != nil {
		return report.In(o.url, err)
	}
	defer client.Close()
	w, err := remote.NewWriter(ctx, o.url, &remote.WriterOptions{
		S3: client, PartSize: o.part, Notice: m.Notice})
	if err != nil {
		return err
	}
	if err = write(w.Archive, w.Sidecar); err != nil {
		err = errors.Join(err, w.Abort())
	} else {
		err = w.Commit()
	}
	return o.explain(err)
}

// explain returns an error of run with what to do.
func (o *uploadOptions) explain(err error) error {
	var left *upload.LeftError
	var stop *report.StoppedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &left):
		return report.WithHint(err, "remove the incomplete upload, or let a lifecycle rule of the"+
			" bucket do so")
	case errors.As(err, &stop):
		return report.WithHint(report.In(o.url, stop), "nothing was written")
	case errors.As(err, new(*upload.Error)):
		return reading.HintRemote(err)
	}
	return err
}
