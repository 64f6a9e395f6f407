package engine

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tarpack/tpk/serve/archives"
	"github.com/tarpack/tpk/serve/plan"
)

// job is one request while it is answered.
type job struct {
	plan.Request
	plan plan.Plan
	view archives.View
	held bool // view holds a set
	time time.Time
	out  []byte // the response's head, and a small body behind it

	proto, remote, host, referer, userAgent string // for the access log
}

var jobs = sync.Pool{New: func() any { return &job{out: make([]byte, 0, headRoom+inlineBody)} }}

// prepare plans the request. What the plan says to send is there until finish.
func (e *Engine) prepare(j *job) {
	if err := e.plan(j); err != nil {
		e.complaints.add(fmt.Errorf("%s %q: %w", j.Method, j.Target, err))
	}
	if j.plan.Body.Kind == plan.ListingBody {
		if err := e.config.Lister(&j.Request, &j.view, &j.plan); err != nil {
			e.fail(j, err)
		}
	}
}

// plan plans the request, but for listings, which are to be rendered. After an error the plan is 500.
func (e *Engine) plan(j *job) error {
	j.Now = j.time.Unix()
	if j.held = e.config.Library.View(&j.view); !j.held {
		e.config.Planner.Unavailable(&j.Request, &j.plan, retryAfter)
		return nil
	}
	return e.config.Planner.Plan(&j.Request, &j.view, &j.plan)
}

// own makes what is told of the request, when it is answered, j's own: so far these are views of a buffer.
func (j *job) own() {
	for _, s := range []*string{&j.Method, &j.Target, &j.host, &j.referer, &j.userAgent} {
		*s = strings.Clone(*s)
	}
}

// fail makes the answer 500 because of err, before anything was sent.
func (e *Engine) fail(j *job, err error) {
	e.complaints.add(fmt.Errorf("%s %q: %w", j.Method, j.Target, err))
	j.plan.Fail()
}

// broke reports that a response could not be finished. Errors of the connection are the client's business.
func (e *Engine) broke(j *job, err error) {
	if !fromPeer(err) {
		e.complaints.add(aborted(j, err))
	}
}

// aborted says which response could not be finished because of err.
func aborted(j *job, err error) error {
	return fmt.Errorf("%s %q: response aborted: %w", j.Method, j.Target, err)
}

// finish counts and logs an answer of sent bytes of body, and lets go of its files.
func (e *Engine) finish(j *job, sent int64) {
	e.stats.count(j.plan.Status, sent)
	if e.config.Timing {
		e.stats.observe(time.Since(j.time))
	}
	if e.config.Access != nil {
		e.config.Access(&Access{
			Time: j.time, Duration: time.Since(j.time), Remote: j.remote, Method: j.Method, Target: j.Target, Proto: j.proto,
			Host: j.host, Referer: j.referer, UserAgent: j.userAgent, Status: j.plan.Status, Bytes: sent,
		})
	}
	if j.held {
		j.view.Release()
		j.held = false
	}
}
