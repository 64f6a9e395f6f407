package respond

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/basicauth"
	"github.com/tarpack/tpk/serve/internal/encoded"
	"github.com/tarpack/tpk/serve/internal/forwarded"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/limit"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/record"
	"github.com/tarpack/tpk/tarpack/source"
)

// Responder is what all answers of a server have in common. It is safe for concurrent use; Timing
// alone may be set after the first request.
type Responder struct {
	Planner *plan.Planner
	Library *archives.Library
	// Lister renders listings. It is needed if the Planner's options have them.
	Lister func(*plan.Request, *archives.View, *plan.Plan) error
	// Access gets each answered request. What it is given is valid during the call. It may be nil.
	Access func(*record.Access)
	Errors *record.Errors
	// Users are the clients that are allowed. nil: all are.
	Users *basicauth.File
	// Passwords bounds how many passwords of one client wait to be compared. It is set with Users.
	Passwords *limit.Slots
	Stats     record.Stats
	Timing    atomic.Bool // keep the histogram of durations

	// Trust is the set of proxies that may name their clients: in X-Forwarded-For and
	// X-Forwarded-Proto, or with TrustForwarded in Forwarded (RFC 7239).
	Trust          *forwarded.Trust
	TrustForwarded bool
	// Limits bound what clients may ask for, but those of Unlimited and of Trust.
	Limits    limit.Limits
	Unlimited *forwarded.Trust
}

// Exchange is one request while it is answered. The strings of the request may be parts of a
// connection's buffer.
type Exchange struct {
	plan.Request
	Logged
	Address netip.Addr // of the client; zero if it is not known
	Wait    int        // seconds after which the client may ask again; 0: it may ask now
	Plan    plan.Plan
	Began   time.Time       // when the request's head was complete
	Client  archives.Client // see archives.View; nil if the client can't be watched
	user    string          // that the client says it is, for the access log; "" if nobody asks

	// Out holds the answer's head and, if it is short, the body behind it.
	Out []byte

	view   archives.View
	viewed bool // view must be released
	held   held

	retries  int // how many plans were made before this one, since they were in doubt
	checking archives.Checking
}

// Logged is the part of a request that decides nothing. It is filled in if there is an access log.
// Remote is an address and a port, which is 0 if a proxy has named the address alone.
type Logged struct {
	Proto, Remote, Host, Referer, UserAgent string
}

var exchanges = sync.Pool{New: func() any {
	return &Exchange{Out: make([]byte, 0,
		headRoom+ShortBody)}
}}

// NewExchange returns an Exchange that may have been used before. Begin makes it ready.
func NewExchange() *Exchange { return exchanges.Get().(*Exchange) }

// Free gives x back, after it was finished or released.
func (x *Exchange) Free() { exchanges.Put(x) }

// Begin empties x for a request that has come at the time now.
func (x *Exchange) Begin(now time.Time) {
	x.Request = plan.Request{}
	x.Began, x.Client, x.Wait, x.user = now, nil, 0, ""
}

// Prepare plans the answer. What the plan sends stays readable until Finish or Release.
func (r *Responder) Prepare(x *Exchange) {
	x.retries, x.view.NoVariants = 0, false
	if err := r.prepare(x); err != nil && !r.retry(x, err) {
		r.fail(x, err)
	}
}

// prepare is Prepare without the answer to an error. What has no body of an archive is checked
// here, and a body when it was read.
func (r *Responder) prepare(x *Exchange) error {
	err := r.plan(x)
	if err == nil {
		r.bound(x)
	}
	if err == nil && x.Plan.Body.Kind == plan.ListingBody {
		err = r.list(x)
		x.letGo() // the client may take its time
	}
	if err == nil && x.Plan.Body.Kind == plan.InflatedBody {
		err = x.inflate()
	}
	if err == nil && x.viewed && x.Plan.Sends() {
		err = x.fetch()
	}
	switch {
	case err != nil || !x.viewed:
	case x.headAlone():
		err = x.view.Check()
	case !x.Plan.Sends() || x.Plan.Body.Kind == plan.TextBody:
		err = x.view.CheckAll()
	}
	return err
}

// headAlone reports whether the answer is the head of what GET would begin to send now. GET sends
// that before a long content is compared, so HEAD need not wait for it, either. A 304 has to: it
// says that what the client has is right.
func (x *Exchange) headAlone() bool {
	kind := x.Plan.Body.Kind // a page was made of contents, which must be right
	return x.Method == "HEAD" && (x.Plan.Status == 200 || x.Plan.Status == 206) &&
		kind != plan.NoBody && kind != plan.TextBody
}

// list makes a page. What makes pages shows names and contents of archives in many ways, so a
// mistake there answers one request with an error, and does not end the server.
func (r *Responder) list(x *Exchange) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the page can't be made: %v", p)
		}
	}()
	x.view.ClientKey = limit.Key(x.Address)
	return r.Lister(&x.Request, &x.view, &x.Plan)
}

// fetch fetches the body from a server, or the beginning of a long one. If that can't be reached,
// or what it sends is damaged, the answer can still become a 503 or 500.
func (x *Exchange) fetch() (err error) {
	b := &x.Plan.Body
	switch {
	case b.Node.Kind == plan.Download && b.Kind == plan.PartsBody:
		err = x.view.FetchDownload(&b.Node, b.Parts[0].Offset, b.Parts[0].Length)
	case b.Node.Kind == plan.Download:
		err = x.view.FetchDownload(&b.Node, b.Offset, b.Length)
	case b.Node.Kind != plan.File:
	case b.Kind == plan.VariantBody && b.Length > ShortBody:
		err = x.view.ProveVariant(b, x.Plan.Encoding)
	case b.Kind == plan.SpanBody:
		x.checking, err = x.view.FetchBody(&b.Node, b.Offset, b.Length, x.WholeMember())
	case b.Kind == plan.ContentBody, b.Kind == plan.PartsBody:
		_, err = x.view.FetchBody(&b.Node, b.Node.Offset, b.Node.Length, b.Length == b.Node.Size)
	}
	return err
}

// maxRetries is how often an answer in doubt is planned again. A deployment changes the names of a
// file a few times, one after the other.
const maxRetries = 8

// retry plans the answer again if err means that it is only in doubt, or that a variant can't be
// sent.
func (r *Responder) retry(x *Exchange, err error) bool {
	switch {
	case x.retries < maxRetries &&
		(errors.Is(err, guard.ErrDoubtful) || errors.Is(err, encoded.ErrTouched)):
		x.retries++
	case errors.Is(err, encoded.ErrUnusable) && !x.view.NoVariants:
		x.view.NoVariants = true
	default:
		return false
	}
	x.Release()
	if err := r.prepare(x); err != nil && !r.retry(x, err) {
		r.fail(x, err)
	}
	return true
}

// plan plans everything but the rendering of a listing. After an error the plan is a 500.
func (r *Responder) plan(x *Exchange) error {
	x.Now = x.Began.Unix()
	x.checking = archives.Checked
	if x.Wait > 0 {
		x.viewed = false
		r.refuse(x, record.RequestLimit)
		return nil
	}
	if x.viewed = r.Library.View(&x.view); !x.viewed {
		r.Planner.Unavailable(&x.Request, &x.Plan, plan.RetrySoon)
		return nil
	}
	x.view.Client = x.Client
	if r.Users != nil {
		if err := r.admit(x); err != nil {
			return err
		}
	}
	return r.Planner.Plan(&x.Request, &x.view, &x.Plan)
}

// errBusy is the error for clients whose password can't be compared now.
var errBusy = fmt.Errorf("%w: %w", basicauth.ErrBusy, source.ErrUnavailable)

// admit finds out whether the client is allowed.
func (r *Responder) admit(x *Exchange) error {
	x.Access = plan.Denied
	if r.Access != nil {
		x.user = basicauth.User(x.Authorization)
	}
	ok, err := r.Users.Check(x.Authorization, x.Now, true)
	if errors.Is(err, basicauth.ErrSlow) && !x.view.Instant {
		if client := r.client(x); client != 0 {
			if !r.Passwords.Take(client) {
				return errBusy
			}
			defer r.Passwords.Give(client)
		}
		ok, err = r.Users.Check(x.Authorization, x.Now, false)
	}
	if errors.Is(err, basicauth.ErrBusy) {
		return errBusy
	}
	if ok {
		x.Access = plan.Private
	}
	return err
}

// Reject makes the answer an error status for what is not a request that can be planned, with its
// body in Out.
func (r *Responder) Reject(x *Exchange, status int, connection string) {
	r.Planner.Reject(&x.Plan, status)
	r.AppendHead(x, connection)
	x.Out = append(x.Out, x.Plan.Body.Text...)
}

// Own copies the strings that Finish needs, so that the connection's buffer may be used for
// something else.
func (x *Exchange) Own() {
	for _, s := range []*string{&x.Method, &x.Target, &x.Host, &x.Referer, &x.UserAgent} {
		*s = strings.Clone(*s)
	}
}

// Release gives up the files of a plan that is not carried out.
func (x *Exchange) Release() {
	x.letGo()
	if x.viewed {
		x.view.Release()
		x.viewed = false
	}
}

// Finish counts and logs an answer, and releases its files. sent is how many bytes of its body were
// sent.
func (r *Responder) Finish(x *Exchange, sent int64) {
	r.Stats.Answered(x.Plan.Status, int(x.Plan.Encoding), sent)
	if r.Timing.Load() {
		r.Stats.Took(time.Since(x.Began))
	}
	if r.Access != nil {
		r.Access(&record.Access{
			Time: x.Began, Duration: time.Since(
				x.Began), Remote: x.Remote, Method: x.Method, Target: x.Target,
			Proto: x.Proto, Host: x.Host, Referer: x.Referer, UserAgent: x.UserAgent, User: x.user,
			Status: x.Plan.Status, Bytes: sent,
		})
	}
	x.Release()
}

// fail makes the answer a 500 because of err, or a 503 if its archive has changed or is not
// available at present. Nothing of it was sent yet. If the client has gone away, only the log has
// the answer.
func (r *Responder) fail(x *Exchange, err error) {
	if errors.Is(err, archives.ErrGone) {
		x.Plan.Gone()
		return
	}
	err = x.cause(err)
	r.add(err, fmt.Errorf("%s %q: %w", x.Method, x.Target, err))
	if errors.Is(err, source.ErrChanged) || errors.Is(err, source.ErrUnavailable) {
		r.Planner.Unavailable(&x.Request, &x.Plan, plan.RetrySoon)
		return
	}
	x.Plan.Fail()
}

// Aborted reports that an answer could not be finished because of err.
func (r *Responder) Aborted(x *Exchange, err error) {
	err = x.cause(err)
	r.add(err, AbortError(x, err))
}

// cause returns the reason for an error: if something has changed, that is the reason for any other
// error.
func (x *Exchange) cause(err error) error {
	if x.viewed {
		if changed := x.view.Check(); changed != nil {
			return changed
		}
	}
	return err
}

// add reports an error unless the log has a line about its reason.
func (r *Responder) add(reason, err error) {
	for _, known := range []error{
		guard.ErrOverwritten, guard.ErrDoubtful, guard.ErrUnproven, archives.ErrPending,
		encoded.ErrUnusable, basicauth.ErrBusy,
	} {
		if errors.Is(reason, known) {
			return
		}
	}
	r.Errors.Add(err)
}

// AbortError returns the error for Errors of an answer that could not be finished because of err.
func AbortError(x *Exchange, err error) error {
	return fmt.Errorf("%s %q: response aborted: %w", x.Method, x.Target, err)
}
