package serve

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// TestAlerts: the alerts of contrib/prometheus fire when they should.
func TestAlerts(t *testing.T) {
	cmd := exec.Command(tools.Path(t, "promtool"), "test", "rules", "alerts_test.yml")
	cmd.Dir = filepath.Join(tools.Repo(t), "contrib", "prometheus")
	tools.Must(t, cmd)
}

// TestMonitored: the server has each metric, with each label, that the alerts and the dashboard ask
// for.
func TestMonitored(t *testing.T) {
	dir := filepath.Join(tools.Repo(t), "contrib", "prometheus")
	alerts, err := os.ReadFile(filepath.Join(dir, "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	panels := expressions(t, filepath.Join(dir, "dashboard.json"))
	if len(panels) < 8 {
		t.Fatalf("the dashboard has only %q", panels)
	}
	metrics := metricsOf(t) + verifyMetrics(t)
	asked := regexp.MustCompile(`\b((?:tpk|process)_[a-z_]+)\b(?:\{([^}]*)\})?`)
	label := regexp.MustCompile(`(\w+)="([^"]*)"`)
	for _, m := range asked.FindAllStringSubmatch(string(alerts)+strings.Join(panels, "\n"), -1) {
		name := regexp.MustCompile(`(?m)^` + m[1] + `[ {].*$`)
		lines := name.FindAllString(metrics, -1)
		if len(lines) == 0 {
			t.Errorf("there is no metric %s", m[1])
		}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			if l[1] == "job" || strings.Contains(strings.Join(lines, "\n"), l[0]) {
				continue
			}
			t.Errorf("%s never has %s", m[1], l[0])
		}
	}

	rules := "groups:\n- name: panels\n  rules:\n"
	for i, e := range panels {
		e = strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*").Replace(e)
		rules += fmt.Sprintf("  - record: panel:%d\n    expr: %q\n", i, e)
	}
	file := filepath.Join(t.TempDir(), "panels.yml")
	if err := os.WriteFile(file, []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	tools.Must(t, exec.Command(tools.Path(t, "promtool"), "check", "rules", file))
}

// verifyMetrics returns the file that verify writes for the textfile collector.
func verifyMetrics(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "verify.prom")
	tools.Must(t, exec.Command(tools.TPK(t), "verify", "-q", "--sample", "1", "--metrics", name,
		packTree(t, tree())))
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// expressions returns the queries of a dashboard.
func expressions(t *testing.T, name string) (all []string) {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	b, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(b, &dashboard)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

// metricsOf returns the metrics of a server that has answered.
func metricsOf(t *testing.T) string {
	t.Helper()
	admin := filepath.Join(t.TempDir(), "admin")
	p := launch(t, exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0",
		"--admin", "unix:"+admin, "--verify-metrics", filepath.Join(t.TempDir(), "none"),
		packTree(t, tree())))
	base := p.url(t)
	ask(t, "GET", base+"file", nil)
	out := tools.Must(t, exec.Command(tools.Path(t, "curl"), "-sf", "--unix-socket", admin,
		"http://admin/metrics"))
	p.stops(t)
	return string(out)
}
