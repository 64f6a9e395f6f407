package manifests

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// A manifest is what a recipe for Kubernetes has: objects of the types that Kubernetes itself uses.
type manifest struct {
	deployment apps.Deployment
	job        batch.Job
	services   []core.Service
	scaler     autoscaling.HorizontalPodAutoscaler
	budget     policy.PodDisruptionBudget
	network    networking.NetworkPolicy
	ingress    networking.Ingress
}

// object returns where an object of a kind belongs, or nil.
func (m *manifest) object(apiVersion, kind string) any {
	switch apiVersion + " " + kind {
	case "apps/v1 Deployment":
		return &m.deployment
	case "batch/v1 Job":
		return &m.job
	case "v1 Service":
		m.services = append(m.services, core.Service{})
		return &m.services[len(m.services)-1]
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return &m.scaler
	case "policy/v1 PodDisruptionBudget":
		return &m.budget
	case "networking.k8s.io/v1 NetworkPolicy":
		return &m.network
	case "networking.k8s.io/v1 Ingress":
		return &m.ingress
	}
	return nil
}

// parseManifest decodes a recipe strictly, as the API server does: a field that the type has not, a
// field that is there twice, and a value of another type are errors.
func parseManifest(text []byte) (*manifest, error) {
	m := &manifest{}
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		b, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, err
		}
		var of meta.TypeMeta
		if err := json.UnmarshalCaseSensitivePreserveInts(b, &of); err != nil {
			return nil, err
		}
		object := m.object(of.APIVersion, of.Kind)
		if object == nil {
			return nil, fmt.Errorf("there is no %s %s", of.APIVersion, of.Kind)
		}
		strict, err := json.UnmarshalStrict(b, object)
		if err == nil && len(strict) > 0 {
			err = strict[0]
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", of.Kind, err)
		}
	}
	return m, nil
}

// recipe returns a recipe for Kubernetes.
func recipe(t *testing.T, folder string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "contrib", folder, "kubernetes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestManifests: the recipes have no field that Kubernetes has not.
func TestManifests(t *testing.T) {
	for _, folder := range []string{"fleet", "cluster"} {
		if _, err := parseManifest(recipe(t, folder)); err != nil {
			t.Errorf("%s: %v", folder, err)
		}
	}
	text := string(recipe(t, "fleet"))
	for _, wrong := range [][2]string{
		{"apps/v1", "apps/v2"}, {"kind: Service\n", "kind: Servce\n"},
		{"readinessProbe", "readynessProbe"}, {"periodSeconds: 2", `periodSeconds: "2"`},
		{"sleep: {seconds", "sleep: {second"}, {"drop: [ALL]", "drop: ALL"},
		{"name: tpk\n", "name: tpk\n  name: tpk\n"}, {"memory: 1Gi", "memory: 1Go"},
		{"mountPath", "mountpath"},
	} {
		changed := strings.Replace(text, wrong[0], wrong[1], 1)
		if changed == text {
			t.Fatalf("there is no %q", wrong[0])
		}
		if _, err := parseManifest([]byte(changed)); err == nil {
			t.Errorf("%q is no error", wrong[1])
		}
	}
}

// TestFleetPods: the pods of the fleet can run as they must, and end as they should.
func TestFleetPods(t *testing.T) {
	m, err := parseManifest(recipe(t, "fleet"))
	if err != nil {
		t.Fatal(err)
	}
	pod := m.deployment.Spec.Template.Spec
	c := pod.Containers[0]
	flags := flagsOf(t, c.Command)
	is := func(what string, ok bool) {
		t.Helper()
		if !ok {
			t.Error(what)
		}
	}
	is("one container", len(pod.Containers) == 1 && len(pod.InitContainers) == 0)
	is("it runs tpk, the only program in the image", slices.Equal(c.Command[:2],
		[]string{"tpk", "serve"}))
	p, s := pod.SecurityContext, c.SecurityContext
	is("not root", *p.RunAsNonRoot && *p.RunAsUser > 0 && *p.FSGroup > 0)
	is("no rights", !*s.AllowPrivilegeEscalation && slices.Equal(s.Capabilities.Drop,
		[]core.Capability{"ALL"}) && p.SeccompProfile.Type == core.SeccompProfileTypeRuntimeDefault)
	is("nothing writable but the cache", *s.ReadOnlyRootFilesystem && len(c.VolumeMounts) == 1 &&
		strings.HasPrefix(flags["cache"], c.VolumeMounts[0].MountPath+"/"))
	volume := pod.Volumes[0]
	is("the volume has room", volume.Name == c.VolumeMounts[0].Name &&
		volume.EmptyDir.SizeLimit.Cmp(resource.MustParse(strings.TrimSuffix(flags["cache-size"],
			"B"))) > 0 && c.Resources.Requests.StorageEphemeral().Cmp(*volume.EmptyDir.SizeLimit) >= 0)
	for _, e := range c.Env {
		if e.Name == "GOMEMLIMIT" {
			is("memory", c.Resources.Limits.Memory().Cmp(resource.MustParse(strings.TrimSuffix(e.Value,
				"B"))) > 0)
		}
	}

	ports := map[string]string{}
	for _, port := range c.Ports {
		is("a port that needs no rights", port.ContainerPort >= 1024)
		ports[port.Name] = ":" + strconv.Itoa(int(port.ContainerPort))
	}
	is("the ports are what it listens on", ports["http"] == flags["listen"] &&
		ports["admin"] == flags["admin"])
	is("ready", probes(c.ReadinessProbe, "/readyz"))
	is("alive", probes(c.LivenessProbe, "/healthz"))
	is("nothing to run before the end, as the image has no other program",
		c.Lifecycle.PreStop.Exec == nil && c.Lifecycle.PreStop.Sleep != nil)
	shutdown := 30 * time.Second // the flag's default
	if text, ok := flags["shutdown-timeout"]; ok {
		if shutdown, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second
	is("time to end", grace > shutdown+time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second)
}

// TestFleetObjects: the other objects are about these pods, and name what is there.
func TestFleetObjects(t *testing.T) {
	m, err := parseManifest(recipe(t, "fleet"))
	if err != nil {
		t.Fatal(err)
	}
	d := &m.deployment
	pods := labels.Set(d.Spec.Template.Labels)
	selects := func(what string, s *meta.LabelSelector) {
		t.Helper()
		selector, err := meta.LabelSelectorAsSelector(s)
		if err != nil || selector.Empty() || !selector.Matches(pods) {
			t.Errorf("%s does not select the pods: %v, %v", what, selector, err)
		}
	}
	selects("the deployment", d.Spec.Selector)
	selects("the spread", d.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector)
	selects("the budget", m.budget.Spec.Selector)
	selects("the policy", &m.network.Spec.PodSelector)
	named := func(what string, port intstr.IntOrString) {
		t.Helper()
		if port.StrVal != "http" {
			t.Errorf("%s has the port %v", what, port)
		}
	}
	for _, s := range m.services {
		selects("the service "+s.Name, &meta.LabelSelector{MatchLabels: s.Spec.Selector})
		named("the service "+s.Name, s.Spec.Ports[0].TargetPort)
	}
	rule := m.network.Spec.Ingress[0]
	named("the policy", *rule.Ports[0].Port)
	if len(m.network.Spec.Ingress) != 1 || len(rule.Ports) != 1 || len(rule.From) != 1 ||
		flagsOf(t, d.Spec.Template.Spec.Containers[0].Command)["trust-proxy"] == "" {
		t.Error("others than the proxy, whose word tpk takes, may reach the pods")
	}
	to := m.ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service
	if to.Name != m.services[0].Name || to.Port.Name != m.services[0].Spec.Ports[0].Name {
		t.Errorf("the ingress leads to %v", to)
	}
	if ref := m.scaler.Spec.ScaleTargetRef; ref.Name != d.Name || ref.Kind != d.Kind ||
		ref.APIVersion != d.APIVersion || d.Spec.Replicas != nil {
		t.Errorf("%v is scaled, with %v replicas", ref, d.Spec.Replicas)
	}
	if least := *m.scaler.Spec.MinReplicas; m.budget.Spec.MinAvailable.IntValue() >= int(least) {
		t.Error("the budget lets no pod of the least ones go")
	}
}

// flagsOf returns the flags of a command.
func flagsOf(t *testing.T, command []string) map[string]string {
	t.Helper()
	flags := map[string]string{}
	for _, arg := range command {
		if name, value, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(name, "--") {
			flags[strings.TrimPrefix(name, "--")] = value
		}
	}
	if len(flags) < 5 {
		t.Fatalf("%q", command)
	}
	return flags
}

// probes reports whether a probe asks the admin server for a path.
func probes(p *core.Probe, path string) bool {
	return p.HTTPGet.Path == path && p.HTTPGet.Port.StrVal == "admin"
}
