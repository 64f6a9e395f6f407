package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// webScript starts a server on the loopback interface with the files of a directory, until the
// script ends, and sets $URL. Each file has a strong ETag. If there is a file NAME.status, it has
// the status of the answers for NAME, after as many right ones as its second word says. If there is
// a file NAME.password, requests for NAME need its content in the field X-Password. With NAME.weak
// there is no ETag.
func webScript(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	var mu sync.Mutex
	answers := map[string]int{} // by name
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		name := filepath.Join(dir, filepath.FromSlash(r.URL.Path))
		if b, err := os.ReadFile(name + ".status"); err == nil {
			words := strings.Fields(string(b))
			status, err := strconv.Atoi(words[0])
			right := 0
			if err == nil && len(words) > 1 {
				right, err = strconv.Atoi(words[1])
			}
			if err != nil {
				panic(err)
			}
			if answers[name]++; answers[name] > right {
				w.Header().Set("Retry-After", "3600") // so that nothing is sent again
				w.WriteHeader(status)
				return
			}
		}
		content, err := os.ReadFile(name)
		if err != nil {
			status := http.StatusInternalServerError
			if os.IsNotExist(err) {
				status = http.StatusNotFound
			}
			w.WriteHeader(status)
			return
		}
		if password, err := os.ReadFile(name + ".password"); err == nil &&
			r.Header.Get("X-Password") != strings.TrimSpace(string(password)) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if _, err := os.Stat(name + ".weak"); err != nil {
			w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(content)))
		}
		http.ServeContent(w, r, name, time.Unix(1e9, 0), bytes.NewReader(content))
	}))
	ts.Defer(web.Close)
	ts.Setenv("URL", web.URL)
}
