package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeCalls writes a program that records its name and its arguments. Questions are answered by the
// words in the variable YES.
const fakeCalls = `#!/bin/sh
echo "${0##*/} $*" >>"$CALLS"
for word; do
	case $word in is-active | was-enabled | debian-installed)
		case " $YES " in *" $word "*) exit 0 ;; esac
		exit 1 ;;
	esac
done
`

// TestScriptCalls runs the scripts of the packages where systemd's commands only record how they
// are called. test-systemd.sh runs them with systemd.
func TestScriptCalls(t *testing.T) {
	const (
		reload  = "systemctl --system daemon-reload\n"
		active  = "systemctl --quiet is-active tpk.service\n"
		upgrade = "systemctl kill --kill-who=main --signal=SIGUSR2 tpk.service\n"
	)
	rpmReload := strings.Replace(reload, "--system ", "", 1)
	for _, c := range []struct {
		call string // a script and its arguments
		yes  string
		want string
	}{
		{"deb/postinst configure", "", forUnits("deb-systemd-helper debian-installed UNIT\n"+
			"deb-systemd-helper update-state UNIT\n") + reload},
		{"deb/postinst configure 1.0.0-1", "debian-installed was-enabled is-active", forUnits(
			"deb-systemd-helper debian-installed UNIT\ndeb-systemd-helper unmask UNIT\n"+
				"deb-systemd-helper --quiet was-enabled UNIT\ndeb-systemd-helper enable UNIT\n"+
				"deb-systemd-helper update-state UNIT\n") + reload + active + upgrade},
		{"deb/postinst configure 1.0.0-1", "debian-installed", forUnits(
			"deb-systemd-helper debian-installed UNIT\ndeb-systemd-helper unmask UNIT\n"+
				"deb-systemd-helper --quiet was-enabled UNIT\n"+
				"deb-systemd-helper update-state UNIT\n") + reload + active},
		{"deb/postinst triggered x", "is-active", ""},
		{"deb/prerm upgrade 1.0.1-1", "is-active", ""},
		{"deb/prerm remove", "is-active", "deb-systemd-invoke stop tpk.socket tpk.service " +
			"tpk-verify.timer tpk-verify.service\n"},
		{"deb/postrm upgrade 1.0.1-1", "", ""},
		{"deb/postrm remove", "", reload},
		{"deb/postrm purge", "",
			"deb-systemd-helper purge tpk.socket tpk.service tpk-verify.timer\n"},
		{"rpm/post 1", "", forUnits("systemctl --no-reload preset UNIT\n") + rpmReload},
		{"rpm/post 2", "is-active", rpmReload + active + upgrade},
		{"rpm/post 2", "", rpmReload + active},
		{"rpm/preun 1", "is-active", ""},
		{"rpm/preun 0", "is-active", forUnits("systemctl --no-reload disable --now UNIT\n") +
			"systemctl stop tpk-verify.service\n"},
		{"rpm/postun 0", "", rpmReload},
	} {
		t.Run(c.call+" "+c.yes, func(t *testing.T) {
			root := t.TempDir()
			for _, unit := range strings.Fields(forUnits("UNIT ")) {
				put(t, filepath.Join(root, "usr/lib/systemd/system", unit), "")
			}
			put(t, filepath.Join(root, "run/systemd/system/x"), "")
			if got := runScript(t, root, c.call, "YES="+c.yes); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
			if err := os.RemoveAll(filepath.Join(root, "run")); err != nil {
				t.Fatal(err)
			}
			got := runScript(t, root, c.call, "YES="+c.yes)
			if strings.Contains(got, "daemon-reload") || strings.Contains(got, "kill") ||
				strings.Contains(got, "stop") || strings.Contains(got, "--now") {
				t.Errorf("systemd does not run, and is called:\n%s", got)
			}
		})
	}
}

// forUnits repeats a text for each unit that can be enabled.
func forUnits(text string) string {
	var all strings.Builder
	for _, unit := range []string{"tpk.socket", "tpk.service", "tpk-verify.timer"} {
		all.WriteString(strings.ReplaceAll(text, "UNIT", unit))
	}
	return all.String()
}

// runScript runs a script with its arguments, as if root were the system's root, and returns the
// calls that it makes.
func runScript(t *testing.T, root, call string, vars ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"systemctl", "deb-systemd-helper", "deb-systemd-invoke"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(fakeCalls), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	words := strings.Fields(call)
	b, err := os.ReadFile(words[0])
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "script")
	put(t, script, strings.NewReplacer("/run/systemd/", root+"/run/systemd/",
		"/usr/lib/systemd/", root+"/usr/lib/systemd/", `"${DPKG_ROOT-}/var/`, `"`+root+`/var/`,
	).Replace(string(b)))
	cmd := exec.Command(program(t, "sh"), append([]string{script}, words[1:]...)...)
	cmd.Env = append(vars, "PATH="+dir+":/usr/bin:/bin", "CALLS="+filepath.Join(dir, "calls"))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%s: %v\n%s", call, err, out)
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(calls)
}

// TestPurged: purging removes what the services made, and nothing else, even beside it.
func TestPurged(t *testing.T) {
	made := []string{
		"cache/private/tpk/a", "log/private/tpk/access.log", "lib/private/tpk/verify.prom",
	}
	for _, others := range [][]string{
		{"lib/tpk-site/a", "cache/tpk-site/a", "log/private/nginx/a", "tpk/a"},
		{"lib/private/tpk/site.tar.gz"},
	} {
		dir := t.TempDir()
		root := filepath.Join(dir, "var")
		for _, file := range append(made, others...) {
			put(t, filepath.Join(root, file), "")
		}
		for _, of := range []string{"cache", "log", "lib"} { // as DynamicUser makes them
			if err := os.Symlink("private/tpk", filepath.Join(root, of, "tpk")); err != nil {
				t.Fatal(err)
			}
		}
		runScript(t, dir, "deb/postrm remove")
		for _, file := range append(made, others...) {
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Error(err)
			}
		}
		runScript(t, dir, "deb/postrm purge")
		var left []string
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if d != nil && !d.IsDir() {
				left = append(left, strings.TrimPrefix(path, root+"/"))
			}
			return err
		})
		if strings.Contains(others[0], "lib/private/tpk") {
			others = append(others, "lib/tpk") // the link
		}
		slices.Sort(left)
		slices.Sort(others)
		if err != nil || !slices.Equal(left, others) {
			t.Errorf("left are %q, want %q; %v", left, others, err)
		}
	}
}
