package serving

import (
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// report is what h2load prints over TLS, as far as it matters.
const report = `TLS Protocol: TLSv1.3
Cipher: TLS_AES_128_GCM_SHA256
Server Temp Key: X25519 253 bits
Application protocol: h2
Warm-up phase is over for thread #0.

finished in 850.03ms, 14324.00 req/s, 44.38MB/s
requests: 7162 total, 7170 started, 7162 done, 7162 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 7162 2xx, 0 3xx, 0 4xx, 0 5xx
`

func TestH2loadRequests(t *testing.T) {
	overH2, overH1 := http2, https
	for _, c := range []struct {
		name     string
		protocol string
		old, new string // what differs in the report
		want     int
		err      string
	}{
		{"HTTP/2", overH2, "", "", 7162, ""},
		{"no key is named", overH2, "Server Temp Key: X25519 253 bits\n", "", 7162, ""},
		{"HTTPS", overH1, "protocol: h2", "protocol: http/1.1", 7162, ""},
		{"plain HTTP", plainHTTP, "Cipher", "Nothing", 7162, ""},
		{"no HTTP/2", overH2, "protocol: h2", "protocol: http/1.1", 0, "not h2"},
		{"HTTP/2 instead", overH1, "", "", 0, "not http/1.1"},
		{"another cipher", overH2, "AES_128", "AES_256", 0, "not h2"},
		{"not encrypted", overH2, "Cipher", "Nothing", 0, "not h2"},
		{"404", overH2, "7162 succeeded, 0 failed", "7161 succeeded, 1 failed", 0, "have failed"},
		{"fewer succeeded", overH2, "7162 succeeded", "7161 succeeded", 0, "have failed"},
		{"broken connections", overH2, "0 errored", "10 errored", 0, "have failed"},
		{"none", overH2, "7162 done, 7162 succeeded", "0 done, 0 succeeded", 0, "no requests"},
		{"cut off", overH2, "requests: 7162 total", "", 0, "have failed"},
	} {
		text := report
		if c.old != "" {
			text = strings.Replace(report, c.old, c.new, 1)
			if text == report {
				t.Fatalf("%s: no %q in the report", c.name, c.old)
			}
		}
		got, err := h2loadRequests([]byte(text), c.protocol)
		if got != c.want || (err == nil) != (c.err == "") ||
			err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %d, %v", c.name, got, err)
		}
	}
}

func TestPercentiles(t *testing.T) {
	var log strings.Builder
	for i := range 200 { // 1 to 199 and 0, not in order
		log.WriteString("1796004847719370\t200\t" + string(rune('0'+(i*7+1)%200/100)) +
			string(rune('0'+(i*7+1)%100/10)) + string(rune('0'+(i*7+1)%10)) + "\n")
	}
	log.WriteString("1796004847719370\t0\t5000\n") // cut off at the end
	got, err := percentiles([]byte(log.String()))
	want := []measure.Value{{Of: 100e-6, Unit: "p50-sec"}, {Of: 198e-6, Unit: "p99-sec"}}
	if err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, bad := range []string{"", "1 404 3\n", "1 200\n", "1 200 x\n", "1 0 3\n", "1 -1 3\n"} {
		if got, err := percentiles([]byte(bad)); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestWrkFailed(t *testing.T) {
	for text, want := range map[string]bool{
		"  7162 requests in 1.00s, 3.00MB read\n":                         false,
		"  Socket errors: connect 0, read 0, write 0, timeout 12\n":       false,
		"  Socket errors: connect 3, read 0, write 0, timeout 0\n":        true,
		"  Socket errors: connect 0, read 10, write 0, timeout 0\n":       true,
		"  Socket errors: connect 0, read 0, write 2, timeout 0\n":        true,
		"  Non-2xx or 3xx responses: 1\n":                                 true,
		"  1 requests in 1s\n  Socket errors: connect 0, read 1, write 0": true,
	} {
		if got := wrkFailed.MatchString(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestCosts(t *testing.T) {
	start := time.Unix(0, 0)
	got := costs(sample{start, time.Second, 500}, sample{start.Add(2 * time.Second), 3 * time.Second,
		100_500})
	want := []measure.Value{{Of: 20e-6, Unit: "cpu-sec/op"}, {Of: 50_000, Unit: "req/s"},
		{Of: 100_000, Unit: "requests"}}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v; want %v", got[i], want[i])
		}
	}
}

// Each load has a promise, and each promise a load.
func TestPromisesOfLoads(t *testing.T) {
	source, err := os.ReadFile("../report/promises.go")
	if err != nil {
		t.Fatal(err)
	}
	promised := map[string]bool{}
	for _, m := range regexp.MustCompile(`wireCost\("(.*)", "(.*)"\)`).FindAllSubmatch(source, -1) {
		promised["Wire/tree=x/protocol="+string(m[1])+"/conns="+string(m[2])] = true
	}
	latency := map[string]bool{}
	list := regexp.MustCompile(`wireP99\("(.*?)", "(.*)"\)`)
	for _, m := range list.FindAllSubmatch(source, -1) {
		for conns := range strings.SplitSeq(string(m[2]), `", "`) {
			latency["Wire/tree=x/protocol="+string(m[1])+"/conns="+conns] = true
		}
	}
	want := map[string]bool{}
	for _, l := range loads {
		want[l.name("x")] = true
	}
	if !maps.Equal(promised, want) || !maps.Equal(latency, want) {
		t.Errorf("the promises are of %v and %v; want %v", promised, latency, want)
	}
}

func TestLoadNames(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range loads {
		seen[l.name("x")] = true
		if l.protocol != http2 && l.streams != 1 {
			t.Errorf("%s has no streams", l.name("x"))
		}
	}
	if len(seen) != len(loads) || !seen["Wire/tree=x/protocol=https/conns=1000"] ||
		!seen["Wire/tree=x/protocol=h2/conns=500/streams=10"] {
		t.Errorf("%v", seen)
	}
}
