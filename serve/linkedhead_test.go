package serve_test

import (
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestLinkedHead: after an archive has got a name, HEAD of a long file has the head that GET begins
// with, and does not wait until all of it was compared. So the file may have other bytes, which GET
// does not send whole. No 304 says that it has not.
func TestLinkedHead(t *testing.T) {
	name, _ := linkedSite(t, 0)
	other, _ := linkedSite(t, 1)
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}})
	head, _ := all[0].do(t, "HEAD", "/film.mp4")
	tag := head.Header.Get("ETag")
	overwriteLinked(t, name, readFile(t, other))
	for i, c := range all {
		resp, _ := c.do(t, "HEAD", "/film.mp4")
		if i > 0 && resp.StatusCode == 500 { // it was checked in the background meanwhile
			break
		}
		if resp.StatusCode != 200 || resp.Header.Get("ETag") != tag ||
			resp.ContentLength != longFile {
			t.Errorf("%s: HEAD: %s, %v", c.name, resp.Status, resp.Header)
		}
	}
	for _, c := range all {
		if resp, _, err := c.try("/film.mp4", "X: x"); err == nil && resp.StatusCode < 500 {
			t.Errorf("%s: GET: %s", c.name, resp.Status)
		}
		if resp, _, err := c.try("/film.mp4", "If-None-Match: "+tag); err != nil ||
			resp.StatusCode < 500 {
			t.Errorf("%s: If-None-Match: %v, %v", c.name, resp, err)
		}
		if resp, _ := c.do(t, "HEAD", "/film.mp4"); resp.StatusCode < 500 {
			t.Errorf("%s: HEAD of what is known to be wrong: %s", c.name, resp.Status)
		}
	}
}
