package http1

import "github.com/tarpack/tpk/serve/internal/eventloop"

func hungUp(fd int) bool { return eventloop.HungUp(fd) }
