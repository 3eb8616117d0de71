package stowbook_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

const config = `{
    "ociVersion": "1.2.0",
    "process": { "cwd": "/", "args": ["sh"], "user": { "uid": 0, "gid": 0 } },
    "root": { "path": "rootfs" },
    "mounts": [ { "destination": "/data", "type": "bind", "source": "/srv/data" } ],
    "linux": {}
}`

func TestValidate(t *testing.T) {
	report := must(stowbook.Validate([]byte(config), stowbook.CheckOptions{}))(t)
	if report.Kind != "runtime-config" || report.SpecVersion != "1.2.0" || report.Verdict != "invalid" {
		t.Errorf("%+v", report)
	}
	index := -1
	for i, diagnostic := range report.Diagnostics {
		if diagnostic.Code == "OCI-RT-0415" {
			index = i
		}
	}
	if index < 0 {
		t.Fatalf("the mount is not found: %+v", report.Diagnostics)
	}
	found := report.Diagnostics[index]
	if found.Severity != "error" || found.Pointer != "/mounts/0" || found.Span.Line != 5 || found.Suggestion == nil || found.Suggestion.Text == "" {
		t.Errorf("%+v", found)
	}
	if at := config[found.Span.Offset:]; !strings.HasPrefix(at, `"bind"`) || found.Span.Length != 6 {
		t.Errorf("it lies at %q, %d bytes", at, found.Span.Length)
	}

	refused := must(stowbook.Validate([]byte(`{"ociVersion": "1.2.0"}`), stowbook.CheckOptions{Kind: "runtime-config"}))(t)
	tools := map[string]bool{}
	for _, diagnostic := range refused.Diagnostics {
		for _, refusal := range diagnostic.RefusedBy {
			tools[refusal.Tool] = refusal.Text != ""
		}
	}
	if !tools["runc"] {
		t.Errorf("runc refuses it, but %+v", refused.Diagnostics)
	}

	without := must(stowbook.Validate([]byte(config), stowbook.CheckOptions{Ignore: []string{"OCI-RT-0415"}}))(t)
	if len(without.Diagnostics) != len(report.Diagnostics)-1 {
		t.Errorf("%d findings instead of %d", len(without.Diagnostics), len(report.Diagnostics)-1)
	}
	advised := must(stowbook.Validate([]byte(config), stowbook.CheckOptions{Kind: "runtime-config", Profile: "runc-1.1", Advice: true}))(t)
	if len(advised.Diagnostics) <= len(report.Diagnostics) {
		t.Error("there is no advice")
	}
	few := must(stowbook.Validate([]byte(config), stowbook.CheckOptions{Advice: true, MaxFindings: 1}))(t)
	if len(few.Diagnostics) != 2 {
		t.Errorf("%d findings, not one and how many more there are", len(few.Diagnostics))
	}

	for name, options := range map[string]stowbook.CheckOptions{
		"kind":         {Kind: "poem"},
		"platform":     {Platform: "cp/m"},
		"profile":      {Profile: "no"},
		"cgroup":       {Cgroup: "v3"},
		"phase":        {Phase: "party"},
		"severity":     {MinSeverity: "doom"},
		"max findings": {MaxFindings: -1},
		"not UTF-8":    {Kind: "\xff"},
	} {
		_, err := stowbook.Validate([]byte(config), options)
		if err == nil {
			t.Errorf("%s is taken", name)
			continue
		}
		isKind(t, err, stowbook.ErrInvalidArgument)
		_, _, err = stowbook.Fix([]byte(config), options)
		isKind(t, err, stowbook.ErrInvalidArgument)
	}

	// Any bytes are a text with problems.
	for _, text := range [][]byte{nil, {}, {0xff, 0}, []byte("{"), []byte(strings.Repeat("[", 100_000))} {
		if report := must(stowbook.Validate(text, stowbook.CheckOptions{}))(t); report.Verdict != "invalid" {
			t.Errorf("%.20q is %s", text, report.Verdict)
		}
	}
}

func TestFix(t *testing.T) {
	text := []byte(`{"ociVersion": "1.2.0", "root": {"path": "rootfs",}, "process": {"cwd": "/", "args": ["sh"]}, "linux": {}}`)
	fixed, codes, err := stowbook.Fix(text, stowbook.CheckOptions{})
	if err != nil || len(codes) == 0 || !strings.Contains(string(fixed), `"rootfs"}`) {
		t.Errorf("%s, %v, %v", fixed, codes, err)
	}
	again, codes, err := stowbook.Fix(fixed, stowbook.CheckOptions{})
	if err != nil || len(codes) != 0 || string(again) != string(fixed) {
		t.Errorf("a second time changes %s, %v, %v", again, codes, err)
	}
}

func TestExplainAndDetect(t *testing.T) {
	rule := must(stowbook.Explain("OCI-RT-0415"))(t)
	if rule.Code != "OCI-RT-0415" || rule.Severity != "error" || rule.Message == "" || rule.Fix == "" || rule.Basis == "" {
		t.Errorf("%+v", rule)
	}
	_, err := stowbook.Explain("OCI-XX-0000")
	isKind(t, err, stowbook.ErrNotFound)
	for text, kind := range map[string]string{config: "runtime-config", `{"imageLayoutVersion": "1.0.0"}`: "image-layout", "{": "", "[]": ""} {
		if got := must(stowbook.Detect([]byte(text)))(t); got != kind {
			t.Errorf("%.30q looks like %q, not %q", text, got, kind)
		}
	}
}

func ExampleValidate() {
	text := []byte(`{
  "ociVersion": "1.2.0",
  "root": { "path": "rootfs" },
  "process": { "cwd": "/", "args": ["sh"], "user": { "uid": 0, "gid": 0 } },
  "mounts": [ { "destination": "/data", "type": "bind", "source": "/srv/data" } ],
  "linux": {}
}`)
	report, err := stowbook.Validate(text, stowbook.CheckOptions{MinSeverity: "error"})
	if err != nil {
		panic(err)
	}
	for _, found := range report.Diagnostics {
		fmt.Printf("%d:%d %s %s\n", found.Span.Line, found.Span.Column, found.Code, found.Message)
	}
	// Output:
	// 5:49 OCI-RT-0415 a mount of type "bind" has no "bind" or "rbind" option
}

func TestCollect(t *testing.T) {
	store := openMemory(t)
	images, leases := store.Namespace("default").Images(), store.Namespace("default").Leases()
	past := map[string]string{"containerd.io/gc.expire": "2001-02-03T04:05:06Z"}
	must(images.Create(ctx, &stowbook.Image{Name: "old", Labels: past, Target: target()}))(t)
	must(images.Create(ctx, &stowbook.Image{Name: "new", Target: target()}))(t)
	must(leases.Create(ctx, &stowbook.Lease{ID: "over", Labels: past}))(t)

	plan := must(store.Collect(ctx, stowbook.CollectOptions{DryRun: true}))(t)
	want := []stowbook.CollectedNamespace{{Name: "default", Removed: []stowbook.Resource{{Type: "lease", ID: "over"}, {Type: "image", ID: "old"}}}}
	if !reflect.DeepEqual(plan.Namespaces, want) {
		t.Errorf("%+v", plan.Namespaces)
	}
	must(images.Get(ctx, "old"))(t)
	ways := must(plan.Why("default", digest))(t)
	if len(ways) != 1 || !ways[0].Kept || ways[0].Type != "content" || len(ways[0].Way) != 2 {
		t.Fatalf("%+v", ways)
	}
	if step := ways[0].Way[1]; step.Because.Name != "target" || step.Exists {
		t.Errorf("%+v", step)
	}
	_, err := plan.Why("default", "nobody")
	isKind(t, err, stowbook.ErrNotFound)

	done := must(store.Collect(ctx, stowbook.CollectOptions{Rules: "2.3"}))(t)
	if !reflect.DeepEqual(done.Namespaces, want) {
		t.Errorf("%+v", done.Namespaces)
	}
	_, err = images.Get(ctx, "old")
	isKind(t, err, stowbook.ErrNotFound)
	_, err = store.Collect(ctx, stowbook.CollectOptions{Rules: "0.2"})
	isKind(t, err, stowbook.ErrInvalidArgument)
	_, err = new(stowbook.Collected).Why("default", "a")
	isKind(t, err, stowbook.ErrInvalidArgument)
}

func TestOwner(t *testing.T) {
	store := openMemory(t)
	must(store.Namespace("default").Images().Create(ctx, &stowbook.Image{Name: "nginx", Target: target()}))(t)
	record := web()
	record.Image = "nginx"
	must(store.Namespace("default").Containers().Create(ctx, record))(t)
	owned := must(store.Owners(ctx, digest))(t)
	if len(owned) != 1 || owned[0].Namespace != "default" || owned[0].Type != "content" || owned[0].Exists || len(owned[0].Owners) != 2 {
		t.Fatalf("%+v", owned)
	}
	if image := owned[0].Owners[0]; image.ID != "nginx" || image.How.Name != "target" || image.Of.ID != digest {
		t.Errorf("%+v", image)
	}
	if container := owned[0].Owners[1]; container.ID != "web" || container.How.Name != "image" || container.Of.ID != "nginx" {
		t.Errorf("%+v", container)
	}
	if owned := must(store.Owners(ctx, "nobody"))(t); len(owned) != 0 {
		t.Errorf("%+v", owned)
	}
}
