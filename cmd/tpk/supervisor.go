package main

import (
	"context"
	"strconv"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// supervisor tells the service manager that has started the server how it is: see sd_notify(3).
// Without one it does nothing.
type supervisor struct {
	log func(message string)
}

// say sends states, as READY=1.
func (s supervisor) say(states string) {
	if _, err := daemon.SdNotify(false, states); err != nil {
		s.log("the service manager can't be told: " + err.Error())
	}
}

// ready says that requests are answered, and where.
func (s supervisor) ready(status string) {
	s.say(daemon.SdNotifyReady + "\nSTATUS=" + status)
}

// handedOver says that another process of the service is its main process now. The manager takes
// no messages of this one any more.
func (s supervisor) handedOver(pid int) { s.say("MAINPID=" + strconv.Itoa(pid)) }

// stopping says that the server ends.
func (s supervisor) stopping() { s.say(daemon.SdNotifyStopping) }

// reload says so while it calls f.
func (s supervisor) reload(f func()) {
	s.say(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
	f()
	s.say(daemon.SdNotifyReady)
}

// watch sends signs of life as long as alive returns no error within the time that the manager
// allows, and ends with ctx or when another process has taken over. Without these, the manager ends
// the server and starts it again.
func (s supervisor) watch(
	ctx context.Context, given <-chan struct{}, alive func(context.Context) error,
) {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		s.log("the service manager's watchdog: " + err.Error())
	}
	if limit <= 0 {
		return
	}
	tick := time.NewTicker(limit / 3)
	defer tick.Stop()
	for {
		if alive(ctx) == nil {
			s.say(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			return
		case <-given:
			return
		case <-tick.C:
		}
	}
}
