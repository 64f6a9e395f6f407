package serve

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

// TestHtpasswd: each kind of line that htpasswd and openssl write is accepted, but DES and plain
// text.
func TestHtpasswd(t *testing.T) {
	htpasswd, openssl := tools.Path(t, "htpasswd"), tools.Path(t, "openssl")
	users := filepath.Join(t.TempDir(), "users")
	archive := packTree(t, map[string]string{"index.html": "inside"})
	const password = "pässword with : and $"
	lines := map[string]string{}
	for name, args := range map[string][]string{"bcrypt": {"-nbB", "-C", "6"}, "apr1": {"-nbm"},
		"sha": {"-nbs"}} {
		out, err := exec.Command(htpasswd, append(args, name, password)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		lines[name] = strings.TrimSpace(string(out))
	}
	for name, kind := range map[string]string{"sha256": "-5", "sha512": "-6"} {
		out, err := exec.Command(openssl, "passwd", kind, password).Output()
		if err != nil {
			t.Fatal(err)
		}
		lines[name] = name + ":" + strings.TrimSpace(string(out))
	}
	text := ""
	for _, line := range lines {
		text += line + "\n"
	}
	write := func(text string) serve.Options {
		t.Helper()
		if err := os.WriteFile(users, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return serve.Options{Archives: []serve.Archive{{Path: archive}}, PasswordFile: users}
	}
	url := "http://" + start(t, write(text))
	for name := range lines {
		for _, x := range []struct{ password, want string }{
			{password, "inside 200"}, {password + ".", "401 Unauthorized\n 401"},
			{"", "401 Unauthorized\n 401"},
		} {
			out, err := exec.Command(tools.Path(t, "curl"), "-s", "-u", name+":"+x.password,
				"-w", " %{http_code}",
				url).Output()
			if err != nil || string(out) != x.want {
				t.Errorf("%s, %q: %q, %v", name, x.password, out, err)
			}
		}
	}
	for _, kind := range []string{"-nbd", "-nbp"} {
		out, err := exec.Command(htpasswd, kind, "name", "secret").Output()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := serve.New(write(string(out))); err == nil ||
			!strings.HasSuffix(err.Error(), "users: line 1: plain text and DES are not accepted:"+
				" make the line with htpasswd -B") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
