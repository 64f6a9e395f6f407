package main

import (
	"io"
	"strings"
	"testing"

	"github.com/tarpack/tpk/cmd/tpk/flags"
)

func TestInterspersed(t *testing.T) {
	for _, test := range []struct{ in, out string }{
		{"", ""},
		{"--version", "--version"},
		{"--help", "--help"},
		{"frobnicate -x a", "frobnicate -x a"},
		{"ls a.tar.gz", "ls -- a.tar.gz"},
		{"ls a.tar.gz -l", "ls -l -- a.tar.gz"},
		{"ls a.tar.gz --json dir", "ls --json -- a.tar.gz dir"},
		{"ls -l a.tar.gz --help", "ls --help"},
		{"extract -C --help a.tar.gz", "extract -C --help -- a.tar.gz"},
		{"extract a.tar.gz -C dir p q", "extract -C dir -- a.tar.gz p q"},
		{"extract a.tar.gz -C -dir", "extract -C -dir -- a.tar.gz"},
		{"extract a.tar.gz -C=dir --hard-links p", "extract -C=dir --hard-links -- a.tar.gz p"},
		{"extract a.tar.gz -C", "extract -C"},
		{"extract --hard-links=false a.tar.gz", "extract --hard-links=false -- a.tar.gz"},
		{"pack dir - --level 9", "pack --level 9 -- dir -"},
		{"pack dir out --exclude a --exclude=b", "pack --exclude a --exclude=b -- dir out"},
		{"pack --unknown dir out", "pack --unknown -- dir out"},
		{"cat a.tar.gz -- -l --json", "cat -- a.tar.gz -l --json"},
		{"cat -- a.tar.gz -- x", "cat -- a.tar.gz -- x"},
		{"pack -LT list dir out", "pack -L -T list -- dir out"},
		{"pack dir out -LTlist", "pack -L -T list -- dir out"},
		{"ls -lz a.tar.gz", "ls -lz -- a.tar.gz"},
		{"ls -lh a.tar.gz", "ls --help"},
		{"pack -0LT - dir out", "pack -0 -L -T - -- dir out"},
		{"pack -level 9 dir out", "pack -level 9 -- dir out"},
		{"ls -- -ll", "ls -- -ll"},
		{"help pack", "help -- pack"},
		{"__complete ls --", "__complete ls --"},
	} {
		app := newApp(io.Discard, io.Discard)
		app.Setup()
		got := strings.Join(flags.Interspersed(app, strings.Fields("tpk "+test.in)), " ")
		if want := strings.TrimSpace("tpk " + test.out); got != want {
			t.Errorf("%s: %s, want %s", test.in, got, want)
		}
	}
}
