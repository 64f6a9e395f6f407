package serve

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net/http"
	"time"
)

// ask asks for a file in one of several ways, and compares a complete answer with the generation
// that its ETag names.
func (s *soak) ask(random *rand.Rand) {
	paths := soakPaths()
	name := paths[random.IntN(len(paths))]
	request, _ := http.NewRequest("GET", "http://tpk/"+name, nil)
	request.Header.Set("Accept-Encoding", []string{"gzip", "identity"}[random.IntN(2)])
	// A range that begins in one generation has to begin in the other too, or it is rightly a 416:
	// the downloads of the two are not of one size.
	size := min(len(s.generations[0].files[name]), len(s.generations[1].files[name]))
	switch random.IntN(7) {
	case 0:
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", random.IntN(size)))
	case 1:
		request.Method = "HEAD"
	case 2:
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", size/3, size/2))
	case 3:
		request.Header.Set("Range", fmt.Sprintf("bytes=0-%d,%d-%d", size/5, size/3, size/2))
	}
	mayBeWrong := s.damaged.Load()
	resp, err := s.clients[random.IntN(2)].Do(request)
	if err != nil {
		s.refused.Add(1) // while the server is started again
		time.Sleep(time.Millisecond)
		return
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if random.IntN(4) == 0 { // a slow client
		_, err = io.CopyN(&b, resp.Body, 1000)
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
	}
	if err == nil {
		_, err = io.Copy(&b, resp.Body)
	} else if err == io.EOF {
		err = nil
	}
	if err != nil {
		s.cut.Add(1)
		return
	}
	switch resp.StatusCode {
	case 503:
		if resp.Header.Get("Retry-After") == "" {
			s.t.Error("503 without Retry-After")
		}
		s.unavailable.Add(1)
	case 200, 206:
		s.compare(request, resp, name, b.Bytes())
	case 500:
		if !mayBeWrong && !s.damaged.Load() {
			s.t.Errorf("%s: 500, and nothing is damaged:\n%s", name, s.server.Stderr)
		}
		s.wrong.Add(1)
	default:
		s.t.Errorf("%s: %s", name, resp.Status)
	}
}

// compare compares a complete answer with the generation that its ETag names.
func (s *soak) compare(request *http.Request, resp *http.Response, name string, b []byte) {
	tag := resp.Header.Get("ETag")
	for _, g := range s.generations {
		if g.tagged[name+tag] == "" {
			continue
		}
		if request.Method == "GET" {
			if err := sameContent(resp, b, g.files[name]); err != nil {
				s.t.Errorf("%s, %v, with the ETag %s: %v", name, request.Header, tag, err)
			}
		}
		s.whole.Add(1)
		return
	}
	s.t.Errorf("%s: the ETag %s is of no generation of it", name, tag)
}

// sameContent compares a complete body with the content that it has all of, or parts (RFC 9110
// §14.6).
func sameContent(resp *http.Response, b []byte, want string) error {
	kind, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == 206 && kind == "multipart/byteranges" {
		parts := multipart.NewReader(bytes.NewReader(b), params["boundary"])
		for n := 0; ; n++ {
			p, err := parts.NextRawPart()
			if err == io.EOF && n == 2 {
				return nil
			}
			var part []byte
			if err == nil {
				part, err = io.ReadAll(p)
			}
			if err == nil {
				err = sameRange(p.Header.Get("Content-Range"), part, want)
			}
			if err != nil {
				return fmt.Errorf("part %d: %w", n, err)
			}
		}
	}
	if resp.StatusCode == 206 {
		return sameRange(resp.Header.Get("Content-Range"), b, want)
	}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err == nil {
			b, err = io.ReadAll(z)
		}
		if err != nil {
			return err
		}
	}
	if string(b) != want {
		return fmt.Errorf("%s, %d bytes that are not its content", resp.Status, len(b))
	}
	return nil
}

// sameRange compares what has this Content-Range with the content.
func sameRange(contentRange string, b []byte, want string) error {
	var from, to, size int
	if _, err := fmt.Sscanf(contentRange, "bytes %d-%d/%d", &from, &to, &size); err != nil ||
		size != len(want) || from > to || to >= size {
		return fmt.Errorf("Content-Range %q of %d bytes", contentRange, len(want))
	}
	if string(b) != want[from:to+1] {
		return fmt.Errorf("%d bytes that are not those of %q", len(b), contentRange)
	}
	return nil
}
