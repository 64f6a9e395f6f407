package main

import (
	"io"
	"testing"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
)

// TestServeSwitches turns features off by flag and by variable.
func TestServeSwitches(t *testing.T) {
	for _, test := range []struct {
		flag, variable      string
		listing, noDownload bool
	}{
		{"", "", true, false},
		{"--no-listing", "", false, false},
		{"--no-download", "", true, true},
		{"", "TPK_NO_DOWNLOAD", true, true},
		{"", "TPK_NO_LISTING", false, false},
	} {
		t.Run(test.flag+test.variable, func(t *testing.T) {
			if test.variable != "" {
				t.Setenv(test.variable, "true")
			}
			app := newApp(io.Discard, io.Discard)
			var got *serveOptions
			app.Command("serve").Action = func(c *cli.Context) (err error) {
				got, err = parseServe(c)
				return err
			}
			args := []string{"tpk", "serve", "site.tar.gz"}
			if test.flag != "" {
				args = append(args, test.flag)
			}
			if err := app.Run(flags.Interspersed(app, args)); err != nil {
				t.Fatal(err)
			}
			if got.serve.Listing != test.listing || got.serve.NoDownload != test.noDownload {
				t.Errorf("%+v", got.serve)
			}
		})
	}
}
