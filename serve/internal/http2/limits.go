package http2

import "time"

// What a connection may take, whatever the client does.
const (
	// maxStreams is SETTINGS_MAX_CONCURRENT_STREAMS. Browsers open at most 100 or so. A stream
	// counts until its goroutine has ended, also if it was reset.
	maxStreams = 128
	// maxAnswering is how many answers of a connection have memory, up to a transfer.Chunk each.
	// Requests above it wait. Browsers ask for 6 large files at a time at most.
	maxAnswering = 32
	// maxPrepared is how many answers are checked together: see sendPrepared. A further one would save
	// less than 1 % of a request, and each has memory for a short body.
	maxPrepared = 16
	// usualHead is how many bytes of output the head of an answer takes at most, as a rule.
	usualHead = 1 << 10
	// maxFrame is SETTINGS_MAX_FRAME_SIZE, the least that RFC 9113 §6.5.2 allows. Nothing that a
	// client has to send is longer. No longer frame is sent, either, so that streams take turns.
	maxFrame = 16 << 10
	// maxOutput is how many bytes may wait to be written before no frame is handled and no content
	// sent any more. So SETTINGS and PING floods fill no memory.
	maxOutput = 64 << 10
	// mostOutput is the longest memory for output that is used again. A DATA frame may be appended
	// to one byte less than maxOutput, and the heads of answers that goroutines have prepared.
	mostOutput = maxOutput + 2*maxFrame
	// maxInput is how many bytes may wait to be handled before no more are read. They hold at least
	// one whole frame. More than a part of a frame waits only while there is no room for output.
	maxInput = frameHeaderLength + maxFrame
	// contentLimit is how many bytes of a request's content are waited for, and then thrown away,
	// before the answer. Most clients look at no answer before they have sent everything.
	contentLimit = 16 << 10
	// headerSlack is added to Config.MaxHeader for the 32 bytes that SETTINGS_MAX_HEADER_LIST_SIZE
	// counts for each field (RFC 9113 §6.5.2). HTTP/1.x does not count them.
	headerSlack = 32 * 32
	// blockFactor times Config.MaxHeader is the most that a header block may have, encoded or as
	// one string. Up to there it is decoded, and answered with 431. Beyond, the connection ends:
	// this is for endless CONTINUATION frames.
	blockFactor = 4
	// rememberedResets is how many streams that the server has reset are remembered. What the
	// client has sent on them meanwhile is no error (RFC 9113 §5.1).
	rememberedResets = 64
)

// lingerTime is how long a connection that has ended is read from, so that no reset destroys what
// the client has not read yet.
const lingerTime = time.Second

// drainTime is how long the first of the two GOAWAY frames of a shutdown is ahead of the second, if
// the client does not answer the PING that comes with the first.
const drainTime = time.Second

// Every frame that no answer needs costs something. An allowance pays for them. It is renewed by
// answers, by content that the client lets the server send, and slowly with time. A connection
// without any left ends with ENHANCE_YOUR_CALM.
//
// This is for floods of PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM and unknown frames, for
// empty DATA, HEADERS and CONTINUATION frames, for windows of a few bytes (CVE-2019-9511 to
// CVE-2019-9518), for streams that the client resets (CVE-2023-44487), and for those that it makes
// the server reset (CVE-2025-8671).
const (
	// mostAllowance is what a connection begins with: a browser that closes a page with 100 open
	// streams needs 600.
	mostAllowance = 1000
	// frameCost is that of a frame, or of one setting in a SETTINGS frame.
	frameCost = 1
	// resetCost is that of a stream that ends before its answer.
	resetCost = 5
	// answerPays is how much an answer renews. A client sends two or three frames besides a
	// request.
	answerPays = 10
	// bytesPay is for how many bytes of content the allowance grows by one. A client with a window
	// of 1 KiB sends two WINDOW_UPDATE frames for each, and can go on for ever.
	bytesPay = 512
	// mostPaid is the most that content makes of the allowance. A client that has 16 MiB waiting, as
	// Go's with four downloads, can take it all at once. It sends two frames for each 4 KiB then.
	mostPaid = 16 << 20 / bytesPay
	// allowancePeriod is the time in which it grows by one.
	allowancePeriod = 50 * time.Millisecond
)

// allowance is what a client may still do that no answer needs.
type allowance struct {
	left  int
	bytes int       // content that was sent and has not paid yet
	since time.Time // when time has last paid
}

// spend takes n off, and reports whether that was left.
func (a *allowance) spend(n int, now time.Time) bool {
	if grown := now.Sub(a.since) / allowancePeriod; grown > 0 {
		a.since = a.since.Add(grown * allowancePeriod)
		a.add(int(min(grown, mostAllowance)))
	}
	a.left -= n
	return a.left >= 0
}

// add renews the allowance by n.
func (a *allowance) add(n int) { a.left = max(a.left, min(a.left+n, mostAllowance)) }

// sent renews the allowance for n bytes of content.
func (a *allowance) sent(n int) {
	a.bytes += n
	a.left = min(a.left+a.bytes/bytesPay, mostPaid)
	a.bytes %= bytesPay
}
