package containerdstore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/anypb"
)

// The vectors of tests/vectors that are about containers, through containers.Store: on a book, and on containerd's own
// metadata store. Each has to answer what was recorded from a daemon, so the two agree.

type suite struct {
	Cases []struct {
		ID    string
		Steps []step
	}
}

type step struct {
	Op        string
	Namespace json.RawMessage
	Request   json.RawMessage
	Expect    map[string]outcome
}

type outcome struct {
	OK    any
	Error *refusal
}

type refusal struct {
	Kind    string
	Message string
}

// world is a place that holds nothing when a case begins.
type world struct {
	name       string
	containers containers.Store
	// What cases about containers do besides.
	createNamespace func(name string, labels map[string]string) error
	listNamespaces  func() (map[string]map[string]string, error)
	createImage     func(ctx context.Context, name, mediaType, digest string, size int64) error
}

func TestVectors(t *testing.T) {
	played := 0
	for _, name := range []string{"containers-create", "containers-read", "containers-update"} {
		for _, vector := range load(t, name).Cases {
			t.Run(name+"/"+vector.ID, func(t *testing.T) {
				for _, world := range []world{onBook(t), onContainerd(t)} {
					play(t, world, vector.Steps)
				}
			})
			played++
		}
	}
	if played < 400 {
		t.Errorf("only %d cases were played", played)
	}
}

func play(t *testing.T, world world, steps []step) {
	times := map[string]string{}
	for number, step := range steps {
		expected, found := step.Expect["2.3"]
		if !found {
			t.Fatalf("step %d says nothing of 2.3", number)
		}
		ctx := context.Background()
		if name, given := step.namespace(t); given {
			ctx = namespaces.WithNamespace(ctx, name)
		}
		ok, err := world.run(t, ctx, step)
		if err != nil {
			if got := refusalOf(err); expected.Error == nil || got != *expected.Error {
				t.Errorf("step %d, %s on %s:\nexpected %s\n     got the error %+q", number, step.Op, world.name, show(expected), got)
			}
			continue
		}
		nameTimes(ok, number, times)
		want := normalize(expected.OK)
		if expected.Error != nil || !reflect.DeepEqual(ok, want) {
			t.Errorf("step %d, %s on %s:\nexpected %s\n     got %s", number, step.Op, world.name, show(expected), show(ok))
		}
	}
}

// run does what a step asks, and gives the response as the vectors write it.
func (w world) run(t *testing.T, ctx context.Context, step step) (any, error) {
	var request struct {
		ID         string
		Name       string
		Container  *container
		Filters    []string
		UpdateMask struct{ Paths []string } `json:"update_mask"`
		Namespace  struct {
			Name   string
			Labels map[string]string
		}
		Image struct {
			Name   string
			Target struct {
				MediaType string `json:"media_type"`
				Digest    string
				Size      int64
			}
		}
	}
	strictly(t, step.Request, &request)
	switch step.Op {
	case "containers.get":
		got, err := w.containers.Get(ctx, request.ID)
		return map[string]any{"container": response(got)}, err
	case "containers.list", "containers.list_stream":
		list, err := w.containers.List(ctx, request.Filters...)
		all := make([]any, len(list))
		for i, one := range list {
			all[i] = response(one)
		}
		if len(all) == 0 {
			return map[string]any{}, err
		}
		return map[string]any{"containers": all}, err
	case "containers.create":
		created, err := w.containers.Create(ctx, request.Container.record())
		return map[string]any{"container": response(created)}, err
	case "containers.update":
		updated, err := w.containers.Update(ctx, request.Container.record(), request.UpdateMask.Paths...)
		return map[string]any{"container": response(updated)}, err
	case "containers.delete":
		return map[string]any{}, w.containers.Delete(ctx, request.ID)
	case "namespaces.create":
		err := w.createNamespace(request.Namespace.Name, request.Namespace.Labels)
		return map[string]any{"namespace": namespaceResponse(request.Namespace.Name, request.Namespace.Labels)}, err
	case "namespaces.list":
		found, err := w.listNamespaces()
		all := []any{}
		for name, labels := range found {
			all = append(all, namespaceResponse(name, labels))
		}
		slices.SortFunc(all, func(a, b any) int {
			return strings.Compare(a.(map[string]any)["name"].(string), b.(map[string]any)["name"].(string))
		})
		if len(all) == 0 {
			return map[string]any{}, err
		}
		return map[string]any{"namespaces": all}, err
	case "images.create":
		target := request.Image.Target
		// What it answers is no business of this test.
		return normalize(step.Expect["2.3"].OK), w.createImage(ctx, request.Image.Name, target.MediaType, target.Digest, target.Size)
	}
	t.Fatalf("there is no operation %s here", step.Op)
	return nil, nil
}

// container is a record as the vectors write it.
type container struct {
	ID          string
	Labels      map[string]string
	Image       string
	Runtime     runtime
	Spec        *opaque
	Snapshotter string
	SnapshotKey string     `json:"snapshot_key"`
	CreatedAt   *time.Time `json:"created_at"`
	UpdatedAt   *time.Time `json:"updated_at"`
	Extensions  map[string]*opaque
	Sandbox     string
}

type runtime struct {
	Name    string
	Options *opaque
}

type opaque struct {
	TypeURL     string `json:"type_url"`
	ValueText   string `json:"value_text"`
	ValueBase64 []byte `json:"value_base64"`
}

// record is what the daemon's service makes of a request: absent values are nil pointers, and there is always a map of
// extensions.
func (c *container) record() containers.Container {
	if c == nil {
		c = &container{}
	}
	record := containers.Container{
		ID: c.ID, Labels: c.Labels, Image: c.Image, Snapshotter: c.Snapshotter, SnapshotKey: c.SnapshotKey, SandboxID: c.Sandbox,
		Runtime:    containers.RuntimeInfo{Name: c.Runtime.Name, Options: c.Runtime.Options.any()},
		Spec:       c.Spec.any(),
		Extensions: map[string]typeurl.Any{},
	}
	if c.CreatedAt != nil {
		record.CreatedAt = *c.CreatedAt
	}
	if c.UpdatedAt != nil {
		record.UpdatedAt = *c.UpdatedAt
	}
	for name, value := range c.Extensions {
		record.Extensions[name] = value.any()
	}
	return record
}

func (o *opaque) any() *anypb.Any {
	if o == nil {
		return nil
	}
	return &anypb.Any{TypeUrl: o.TypeURL, Value: append([]byte(o.ValueText), o.ValueBase64...)}
}

// response writes a record as the daemon's service does.
func response(c containers.Container) map[string]any {
	out := map[string]any{"runtime": map[string]any{}}
	runtime := out["runtime"].(map[string]any)
	for _, text := range []struct {
		in          map[string]any
		name, value string
	}{
		{out, "id", c.ID},
		{out, "image", c.Image},
		{runtime, "name", c.Runtime.Name},
		{out, "snapshotter", c.Snapshotter},
		{out, "snapshot_key", c.SnapshotKey},
		{out, "sandbox", c.SandboxID},
	} {
		if text.value != "" {
			text.in[text.name] = text.value
		}
	}
	putAny(runtime, "options", c.Runtime.Options)
	putAny(out, "spec", c.Spec)
	if len(c.Labels) > 0 {
		out["labels"] = anyMap(c.Labels)
	}
	if len(c.Extensions) > 0 {
		extensions := map[string]any{}
		for name, value := range c.Extensions {
			extensions[name] = map[string]any{}
			putAny(extensions, name, value)
		}
		out["extensions"] = extensions
	}
	for name, at := range map[string]time.Time{"created_at": c.CreatedAt, "updated_at": c.UpdatedAt} {
		if !at.IsZero() {
			out[name] = at.UTC().Format(time.RFC3339Nano)
		}
	}
	return out
}

func putAny(out map[string]any, name string, value typeurl.Any) {
	message := typeurl.MarshalProto(value)
	if message == nil {
		return
	}
	written := map[string]any{}
	if message.GetTypeUrl() != "" {
		written["type_url"] = message.GetTypeUrl()
	}
	if len(message.GetValue()) > 0 {
		written["value_base64"] = base64.StdEncoding.EncodeToString(message.GetValue())
	}
	out[name] = written
}

func namespaceResponse(name string, labels map[string]string) map[string]any {
	out := map[string]any{"name": name}
	if len(labels) > 0 {
		out["labels"] = anyMap(labels)
	}
	return out
}

func anyMap(texts map[string]string) map[string]any {
	out := map[string]any{}
	for key, value := range texts {
		out[key] = value
	}
	return out
}

// nameTimes puts the vectors' placeholders in place of times: @N for the one that step N made.
func nameTimes(value any, number int, names map[string]string) {
	switch value := value.(type) {
	case []any:
		for _, value := range value {
			nameTimes(value, number, names)
		}
	case map[string]any:
		for _, name := range []string{"created_at", "updated_at"} {
			at, is := value[name].(string)
			if !is {
				continue
			}
			if names[at] == "" {
				names[at] = "@" + strconv.Itoa(number)
			}
			value[name] = names[at]
		}
		for _, value := range value {
			nameTimes(value, number, names)
		}
	}
}

// normalize writes opaque values in one of the two ways that there are.
func normalize(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = normalize(value[i])
		}
	case map[string]any:
		if text, is := value["value_text"].(string); is {
			delete(value, "value_text")
			if text != "" {
				value["value_base64"] = base64.StdEncoding.EncodeToString([]byte(text))
			}
		}
		for name := range value {
			value[name] = normalize(value[name])
		}
	}
	return value
}

// namespace is the first of the headers.
func (s step) namespace(t *testing.T) (string, bool) {
	if s.Namespace == nil {
		return "", false
	}
	var one string
	if json.Unmarshal(s.Namespace, &one) == nil {
		return one, true
	}
	var several []string
	if err := json.Unmarshal(s.Namespace, &several); err != nil {
		t.Fatal(err)
	}
	return append(several, "")[0], len(several) > 0
}

func load(t *testing.T, name string) suite {
	text, err := os.ReadFile(filepath.Join("../../../tests/vectors", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var loaded suite
	if err := json.Unmarshal(expand(text), &loaded); err != nil {
		t.Fatal(err)
	}
	return loaded
}

var repeat = regexp.MustCompile(`\{\{(.*?)\*(\d+)\}\}`)

// expand writes {{TEXT*N}} out. What is repeated in these vectors needs no escapes in JSON, or has them already.
func expand(text []byte) []byte {
	return repeat.ReplaceAllFunc(text, func(found []byte) []byte {
		parts := repeat.FindSubmatch(found)
		times, _ := strconv.Atoi(string(parts[2]))
		return bytes.Repeat(parts[1], times)
	})
}

func strictly(t *testing.T, text []byte, into any) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func show(value any) string {
	if value, is := value.(outcome); is && value.Error != nil {
		return fmt.Sprintf("the error %+q", *value.Error)
	} else if is {
		return show(value.OK)
	}
	text, _ := json.Marshal(value)
	return string(text)
}
