package http2

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"golang.org/x/net/http2"
)

const frameHeaderLength = 9

// framer reads frames out of memory.
type framer struct {
	*http2.Framer
	from []byte
}

// Read implements io.Reader.
func (f *framer) Read(b []byte) (int, error) {
	if len(f.from) == 0 {
		return 0, io.EOF
	}
	n := copy(b, f.from)
	f.from = f.from[n:]
	return n, nil
}

var framers = sync.Pool{New: func() any {
	f := &framer{}
	f.Framer = http2.NewFramer(nil, f)
	f.SetReuseFrames()
	f.SetMaxReadFrameSize(maxFrame)
	return f
}}

// handleFrames handles the frames that were read, while out has room.
func (c *conn) handleFrames() {
	if !c.prefaced && !c.handlePreface() {
		return
	}
	complete := false
	for !c.ending && len(c.out) < maxOutput && len(c.in) >= frameHeaderLength {
		n := int(c.in[0])<<16 | int(c.in[1])<<8 | int(c.in[2])
		if n > maxFrame {
			c.fail(http2.ErrCodeFrameSize)
			break
		}
		if n += frameHeaderLength; len(c.in) < n {
			break
		}
		if c.framer == nil {
			c.framer = framers.Get().(*framer)
		}
		c.framer.from = c.in[:n]
		c.in = c.in[n:]
		c.handleFrame()
		complete = true
	}
	c.watchHead(complete)
	if c.framer != nil && !c.block.open && !c.ending { // it remembers nothing
		c.framer.from = nil
		framers.Put(c.framer)
		c.framer = nil
	}
}

// handlePreface reads the client's preface, and returns false until it is complete.
func (c *conn) handlePreface() bool {
	n := min(len(c.in), len(Preface))
	if string(c.in[:n]) != Preface[:n] {
		c.fail(http2.ErrCodeProtocol)
		return false
	}
	if n < len(Preface) {
		return false
	}
	c.in = c.in[n:]
	c.prefaced = true
	return true
}

// handleFrame handles one frame.
func (c *conn) handleFrame() {
	header, err := c.framer.ReadFrameHeader()
	var f http2.Frame
	if err == nil {
		f, err = c.framer.ReadFrameForHeader(header)
	}
	if err != nil {
		c.refuseFrame(header, err)
		return
	}
	if _, ok := f.(*http2.SettingsFrame); !c.settled && !ok {
		c.fail(http2.ErrCodeProtocol) // RFC 9113 §3.4
		return
	}
	if f, ok := f.(*http2.HeadersFrame); ok {
		c.beginBlock(f)
		return
	}
	c.sendPrepared()
	switch f := f.(type) {
	case *http2.ContinuationFrame:
		c.charge(frameCost)
		c.continueBlock(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.DataFrame:
		c.content(f)
	case *http2.SettingsFrame:
		c.settings(f)
	case *http2.WindowUpdateFrame:
		c.widen(f.StreamID, int64(f.Increment))
	case *http2.RSTStreamFrame:
		c.resetByClient(f.StreamID)
	case *http2.PingFrame:
		c.ping(f)
	case *http2.PriorityFrame:
		c.charge(frameCost)
		if f.StreamDep == f.StreamID {
			c.reset(f.StreamID, http2.ErrCodeProtocol) // RFC 7540 §5.3.1
		}
	case *http2.PushPromiseFrame:
		c.fail(http2.ErrCodeProtocol) // RFC 9113 §8.4
	default: // GOAWAY, PRIORITY_UPDATE, and unknown types
		c.charge(frameCost)
	}
}

// refuseFrame handles a frame that the Framer has refused.
func (c *conn) refuseFrame(header http2.FrameHeader, err error) {
	var stream http2.StreamError
	var connection http2.ConnectionError
	switch {
	case errors.As(err, &stream) && header.Type != http2.FrameHeaders && !c.idle(stream.StreamID):
		c.reset(stream.StreamID, stream.Code)
	case errors.As(err, &stream): // its header block is not decoded
		c.fail(stream.Code)
	case errors.As(err, &connection):
		c.fail(http2.ErrCode(connection))
	default: // the frame is too short for its fields
		c.fail(http2.ErrCodeFrameSize)
	}
}

// settings handles a SETTINGS frame (RFC 9113 §6.5).
func (c *conn) settings(f *http2.SettingsFrame) {
	if f.IsAck() {
		c.charge(frameCost)
		return
	}
	c.settled = true
	c.charge(frameCost * (1 + f.NumSettings()))
	for i := range f.NumSettings() {
		s := f.Setting(i)
		if err := s.Valid(); err != nil {
			var code http2.ConnectionError
			if !errors.As(err, &code) {
				code = http2.ConnectionError(http2.ErrCodeProtocol)
			}
			c.fail(http2.ErrCode(code))
			return
		}
		switch s.ID {
		case http2.SettingHeaderTableSize:
			// No dynamic table is used. The client must be told so if it has made it smaller (RFC
			// 7541 §4.2).
			c.resize = true
		case http2.SettingInitialWindowSize:
			c.setInitialWindow(int64(s.Val))
		}
	}
	if !c.ending {
		c.out = appendFrame(c.out, http2.FrameSettings, http2.FlagSettingsAck, 0, 0)
	}
}

// ping answers a PING frame (RFC 9113 §6.7).
func (c *conn) ping(f *http2.PingFrame) {
	c.charge(frameCost)
	switch {
	case !f.IsAck() && !c.ending:
		c.out = appendFrame(c.out, http2.FramePing, http2.FlagPingAck, 0, len(f.Data))
		c.out = append(c.out, f.Data[:]...)
	case f.IsAck() && c.times.drain == drainFirst && f.Data == drainPing:
		c.drainLast()
	}
}

// appendFrame appends the header of a frame with n bytes (RFC 9113 §4.1).
func appendFrame(b []byte, kind http2.FrameType, flags http2.Flags, id uint32, n int) []byte {
	b = append(b, byte(n>>16), byte(n>>8), byte(n), byte(kind), byte(flags))
	return binary.BigEndian.AppendUint32(b, id)
}

// appendSettings appends the server's SETTINGS frame.
func (c *conn) appendSettings() {
	settings := [...]http2.Setting{
		{ID: http2.SettingMaxConcurrentStreams, Val: maxStreams},
		{ID: http2.SettingMaxHeaderListSize, Val: uint32(c.server.MaxHeader) + headerSlack},
		{ID: http2.SettingNoRFC7540Priorities, Val: 1}, // RFC 9218 §2.1
	}
	c.out = appendFrame(c.out, http2.FrameSettings, 0, 0, 6*len(settings))
	for _, s := range settings {
		c.out = binary.BigEndian.AppendUint16(c.out, uint16(s.ID))
		c.out = binary.BigEndian.AppendUint32(c.out, s.Val)
	}
}

func (c *conn) appendGoAway(last uint32, code http2.ErrCode) {
	c.out = appendFrame(c.out, http2.FrameGoAway, 0, 0, 8)
	c.out = binary.BigEndian.AppendUint32(c.out, last)
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(code))
}

func (c *conn) appendReset(id uint32, code http2.ErrCode) {
	c.out = appendFrame(c.out, http2.FrameRSTStream, 0, id, 4)
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(code))
}

func (c *conn) appendWindowUpdate(id, n uint32) {
	c.out = appendFrame(c.out, http2.FrameWindowUpdate, 0, id, 4)
	c.out = binary.BigEndian.AppendUint32(c.out, n)
}
