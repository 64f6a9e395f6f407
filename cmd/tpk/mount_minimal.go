//go:build minimal

package main

import "github.com/tarpack/tpk/cmd/tpk/cli"

const mountSupported = false

func mountCommand() *cli.Command { return absentCommand("mount") }

func umountCommand() *cli.Command { return absentCommand("umount") }
