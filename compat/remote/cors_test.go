package remote

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/cors"

	"github.com/tarpack/tpk/compat/tools"
)

// corsPage reads the first ten bytes of an object, and again with the ETag that it got, and reports
// what it has read.
const corsPage = `<script>
async function read() {
  const url = %q
  try {
    const one = await fetch(url, {headers: {Range: "bytes=0-9"}})
    const etag = one.headers.get("ETag")
    const two = await fetch(url, {headers: {Range: "bytes=10-19", "If-Match": etag}})
    return [one.status, one.headers.get("Content-Range"), two.status, await two.text()].join(" ")
  } catch (e) {
    return "refused"
  }
}
read().then(text => fetch("/result", {method: "POST", body: text}))
</script>`

// browse opens a page of another origin in a browser and returns what it reports.
func browse(t *testing.T, chromium, page string) func(setOrigin func(origin string)) string {
	return func(setOrigin func(origin string)) string {
		result := make(chan string, 1)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				result <- string(b)
				return
			}
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, page)
		}))
		defer s.Close()
		setOrigin(s.URL)
		cmd := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu",
			"--remote-debugging-port=0", "--user-data-dir="+tools.Dir(t), s.URL)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}()
		return <-result
	}
}

// A page of another origin reads an archive by ranges with the rule in contrib/s3, and not without.
func TestCORS(t *testing.T) {
	chromium := tools.Path(t, "chromium")
	g, _, _ := versitygw(t)
	g.put(t, "a.tar.gz", []byte("0123456789abcdefghijklmnopqrstuvwxyz"), 0)
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",`+
		`"Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*"}]}`, bucket)
	if err := g.client.SetBucketPolicy(t.Context(), bucket, policy); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(tools.Repo(t), "contrib", "s3", "cors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		CORSRules []struct {
			AllowedOrigins, AllowedMethods, AllowedHeaders, ExposeHeaders []string
			MaxAgeSeconds                                                 int
		}
	}
	if err := json.Unmarshal(b, &rules); err != nil || len(rules.CORSRules) != 1 {
		t.Fatal(err)
	}
	open := browse(t, chromium, fmt.Sprintf(corsPage, "http://"+g.address+"/"+bucket+"/a.tar.gz"))
	if got := open(func(string) {}); got != "refused" {
		t.Errorf("without the rule: %s", got)
	}
	got := open(func(origin string) {
		r := rules.CORSRules[0]
		config := &cors.Config{CORSRules: []cors.Rule{{AllowedOrigin: []string{origin},
			AllowedMethod: r.AllowedMethods, AllowedHeader: r.AllowedHeaders,
			ExposeHeader: r.ExposeHeaders, MaxAgeSeconds: r.MaxAgeSeconds}}}
		if err := g.client.SetBucketCors(t.Context(), bucket, config); err != nil {
			t.Fatal(minio.ToErrorResponse(err))
		}
	})
	if want := "206 bytes 0-9/36 206 abcdefghij"; got != want {
		t.Errorf("with the rule: %s", got)
	}
}
