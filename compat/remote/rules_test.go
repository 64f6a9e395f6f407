package remote

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/lifecycle"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// TestLifecycle: the rule for buckets in contrib/s3 ends uploads that were not completed, in all of
// a bucket, and removes nothing else. It arrives at a server as S3 wants it. versitygw and gofakes3
// have no such rules: TestBucketRules runs the commands with a server that has them.
func TestLifecycle(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(tools.Repo(t), "contrib", "s3", "lifecycle.json"))
	if err != nil {
		t.Fatal(err)
	}
	rules := lifecycle.NewConfiguration()
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(rules); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Error("more follows:", err)
	}
	want := []lifecycle.Rule{{ID: "incomplete-uploads", Status: "Enabled",
		AbortIncompleteMultipartUpload: lifecycle.AbortIncompleteMultipartUpload{
			DaysAfterInitiation: 2}}}
	if !reflect.DeepEqual(rules.Rules, want) {
		t.Errorf("%+v", rules.Rules)
	}
	var got string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = r.Method + " " + r.URL.String() + " " + string(b)
	}))
	defer s.Close()
	c, err := minio.New(strings.TrimPrefix(s.URL, "http://"), &minio.Options{Region: "us-east-1",
		Creds: credentials.NewStaticV4(accessKey, secretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetBucketLifecycle(t.Context(), bucket, rules); err != nil {
		t.Fatal(err)
	}
	if sent := "PUT /bucket/?lifecycle= <LifecycleConfiguration><Rule>" +
		"<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>" +
		"</AbortIncompleteMultipartUpload>" +
		"<ID>incomplete-uploads</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>" +
		"</Rule></LifecycleConfiguration>"; got != sent {
		t.Errorf("%s\nis sent, not\n%s", got, sent)
	}
}

// TestBucketRules runs the commands of contrib/s3/README.md with Amazon's client and the server
// moto, which both check rules strictly. As they take a minute, only make test-s3-rules runs it.
func TestBucketRules(t *testing.T) {
	if os.Getenv("TEST_S3_RULES") == "" {
		t.Skip("make test-s3-rules runs it")
	}
	aws, moto := tools.Path(t, "aws"), tools.Path(t, "moto_server")
	address, dir := fixture.FreeAddress(t), filepath.Join(tools.Repo(t), "contrib", "s3")
	_, port, _ := strings.Cut(address, ":")
	fixture.StartServer(t, address, exec.Command(moto, "-H", "127.0.0.1", "-p", port))
	environment := append(os.Environ(), "AWS_ENDPOINT_URL=http://"+address, "AWS_ACCESS_KEY_ID=a",
		"AWS_SECRET_ACCESS_KEY=b", "AWS_DEFAULT_REGION=us-east-1", "AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(aws, args...)
		cmd.Dir, cmd.Env = dir, environment
		return string(tools.Must(t, cmd))
	}
	run("s3api", "create-bucket", "--bucket", bucket)
	var upload struct {
		UploadID string `json:"UploadId"`
	}
	out := run("s3api", "create-multipart-upload", "--bucket", bucket, "--key", "a.tar.gz")
	if err := json.Unmarshal([]byte(out), &upload); err != nil || upload.UploadID == "" {
		t.Fatal(out, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^aws .*$`).FindAllString(string(text), -1) {
		line = strings.NewReplacer("BUCKET", bucket, "KEY", "a.tar.gz", "ID", upload.UploadID).
			Replace(line)
		args := strings.Fields(line)[1:]
		said[args[1]] = run(args...)
	}
	if list := said["list-multipart-uploads"]; !strings.Contains(list, upload.UploadID) {
		t.Error(list)
	}
	if list := run("s3api", "list-multipart-uploads", "--bucket", bucket); strings.Contains(
		list, upload.UploadID) {
		t.Error("the upload is still there:", list)
	}
	for kind, want := range map[string]string{
		"lifecycle-configuration": `"DaysAfterInitiation": 2`, "cors": `"If-Match"`,
	} {
		if _, ok := said["put-bucket-"+kind]; !ok {
			t.Errorf("%v: no put-bucket-%s", said, kind)
		}
		if got := run("s3api", "get-bucket-"+kind, "--bucket", bucket); !strings.Contains(got, want) {
			t.Errorf("%s: %s", kind, got)
		}
	}
}
