package stowbook_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func target() stowbook.Descriptor {
	return stowbook.Descriptor{MediaType: "application/vnd.oci.image.index.v1+json", Digest: digest, Size: 1 << 40, Annotations: map[string]string{"a": "b"}}
}

// expiring is an image that a lease holds.
func expiring(name string) *stowbook.Image {
	return &stowbook.Image{Name: name, Labels: map[string]string{"containerd.io/gc.expire": "2999-01-01T00:00:00Z"}, Target: target()}
}

func TestUnknownFieldsStay(t *testing.T) {
	unknown := []byte{0xf8, 0x06, 0x07} // field 111
	containers := openMemory(t).Namespace("default").Containers()
	want := web()
	want.Unknown, want.Runtime.Unknown = unknown, unknown
	want.Runtime.Options = &stowbook.Any{TypeURL: "options", Value: []byte("{}"), Unknown: unknown}
	created := must(containers.Create(ctx, want))(t)
	want.CreatedAt, want.UpdatedAt = created.CreatedAt, created.UpdatedAt
	for _, got := range []*stowbook.Container{created, must(containers.Get(ctx, "web"))(t), must(containers.List(ctx))(t)[0]} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, not %+v", got, want)
		}
	}
}

func TestContainers(t *testing.T) {
	containers := openMemory(t).Namespace("default").Containers()
	before := time.Now()
	created := must(containers.Create(ctx, web()))(t)
	if created.CreatedAt.Before(before.Add(-time.Second)) || !created.UpdatedAt.Equal(created.CreatedAt) || created.CreatedAt.Location() != time.UTC {
		t.Errorf("times are %v and %v", created.CreatedAt, created.UpdatedAt)
	}
	want := web()
	want.CreatedAt, want.UpdatedAt = created.CreatedAt, created.UpdatedAt
	for _, got := range []*stowbook.Container{created, must(containers.Get(ctx, "web"))(t), must(containers.List(ctx))(t)[0]} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, not %+v", got, want)
		}
	}

	change := &stowbook.Container{ID: "web", Image: "i", Labels: map[string]string{"role": "back"}}
	updated := must(containers.Update(ctx, change, "labels.role", "image"))(t)
	if updated.Image != "i" || updated.Labels["role"] != "back" || updated.Labels["tier"] != "1" || !updated.UpdatedAt.After(created.CreatedAt) {
		t.Errorf("%+v", updated)
	}
	_, err := containers.Update(ctx, change, "no.such")
	isKind(t, err, stowbook.ErrInvalidArgument)

	other := web()
	other.ID = "db"
	must(containers.Create(ctx, other))(t)
	for _, filters := range [][]string{{"id==db"}, {"labels.role==none", "id==db"}, {"labels.role==front,id!=web"}} {
		if list := must(containers.List(ctx, filters...))(t); len(list) != 1 || list[0].ID != "db" {
			t.Errorf("%q selects %d records", filters, len(list))
		}
	}
	_, err = containers.List(ctx, "==")
	isKind(t, err, stowbook.ErrInvalidArgument)
	if err := last(containers.All(ctx, "==")); err == nil {
		t.Error("a loop hides its error")
	}
	for container, err := range containers.All(ctx) {
		if err != nil || container.ID != "db" {
			t.Errorf("the first is %v, %v", container, err)
		}
		break
	}

	if err := containers.Delete(ctx, "db"); err != nil {
		t.Error(err)
	}
	isKind(t, containers.Delete(ctx, "db"), stowbook.ErrNotFound)
	// What is empty is empty, not nil.
	if list, err := containers.List(ctx, "id==db"); list == nil || len(list) != 0 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
}

func TestImages(t *testing.T) {
	store := openMemory(t)
	images := store.Namespace("default").Images()
	image := &stowbook.Image{Name: "docker.io/library/nginx:alpine", Labels: map[string]string{"a": "b"}, Target: target()}
	epoch := time.Date(2020, 2, 2, 2, 2, 2, 5, time.UTC)
	created := must(store.Namespace("default").WithSourceDateEpoch(epoch).Images().Create(ctx, image))(t)
	if !created.CreatedAt.Equal(epoch) || !reflect.DeepEqual(created.Target, image.Target) {
		t.Errorf("%+v", created)
	}
	image.Target.Size = 7
	if updated := must(images.Update(ctx, image, "target"))(t); updated.Target.Size != 7 || updated.UpdatedAt.Equal(epoch) {
		t.Errorf("%+v", updated)
	}
	if list := must(images.List(ctx, "name~=nginx"))(t); len(list) != 1 || !reflect.DeepEqual(list[0], must(images.Get(ctx, image.Name))(t)) {
		t.Errorf("%v", list)
	}
	isKind(t, images.DeleteWith(ctx, image.Name, stowbook.DeleteImage{Target: strings.Replace(digest, "e3", "00", 1)}), stowbook.ErrNotFound)
	if err := images.DeleteWith(ctx, image.Name, stowbook.DeleteImage{Target: digest, Sync: true}); err != nil {
		t.Error(err)
	}
	isKind(t, images.Delete(ctx, image.Name), stowbook.ErrNotFound)

	// On behalf of a lease that is not there.
	_, err := store.Namespace("default").WithLease("no").Images().Create(ctx, expiring("i"))
	isKind(t, err, stowbook.ErrNotFound)
}

func TestLeases(t *testing.T) {
	store := openMemory(t)
	leases := store.Namespace("default").Leases()
	lease := must(leases.Create(ctx, &stowbook.Lease{Labels: map[string]string{"containerd.io/gc.flat": "1"}}))(t)
	if lease.ID == "" || lease.CreatedAt.IsZero() {
		t.Fatalf("%+v", lease)
	}
	must(store.Namespace("default").WithLease(lease.ID).Images().Create(ctx, expiring("i")))(t)
	if err := leases.AddResource(ctx, lease.ID, stowbook.LeaseResource{ID: "k", Type: "snapshots/native"}); err != nil {
		t.Fatal(err)
	}
	held := must(leases.ListResources(ctx, lease.ID))(t)
	if len(held) != 2 || held[0].ID != "i" || held[1].Type != "snapshots/native" {
		t.Errorf("it holds %v", held)
	}
	if err := leases.DeleteResource(ctx, lease.ID, stowbook.LeaseResource{ID: "k", Type: "snapshots/native"}); err != nil {
		t.Fatal(err)
	}
	if held := must(leases.ListResources(ctx, lease.ID))(t); len(held) != 1 {
		t.Errorf("it holds %v", held)
	}
	isKind(t, leases.AddResource(ctx, lease.ID, stowbook.LeaseResource{ID: "k", Type: "planets"}), stowbook.ErrNotImplemented)
	isKind(t, leases.AddResource(ctx, "no", stowbook.LeaseResource{ID: "k", Type: "images"}), stowbook.ErrNotFound)
	if list := must(leases.List(ctx, "id=="+lease.ID))(t); len(list) != 1 || !reflect.DeepEqual(list[0], lease) {
		t.Errorf("%v", list)
	}
	if err := leases.DeleteAndCollect(ctx, lease.ID); err != nil {
		t.Fatal(err)
	}
	isKind(t, leases.Delete(ctx, lease.ID), stowbook.ErrNotFound)
}

func TestSandboxes(t *testing.T) {
	sandboxes := openMemory(t).Namespace("k8s.io").Sandboxes()
	pod := &stowbook.Sandbox{
		ID: "pod", Runtime: web().Runtime, Spec: web().Spec, Labels: web().Labels, Extensions: web().Extensions, Sandboxer: "shim",
	}
	created := must(sandboxes.Create(ctx, pod))(t)
	pod.CreatedAt, pod.UpdatedAt = created.CreatedAt, created.UpdatedAt
	if !reflect.DeepEqual(created, pod) || created.CreatedAt.IsZero() {
		t.Errorf("got %+v, not %+v", created, pod)
	}
	if got := must(sandboxes.Get(ctx, "pod"))(t); !reflect.DeepEqual(got, pod) {
		t.Errorf("got %+v, not %+v", got, pod)
	}
	pod.Labels = map[string]string{"x": "y"}
	if updated := must(sandboxes.Update(ctx, pod, "labels"))(t); !reflect.DeepEqual(updated.Labels, pod.Labels) {
		t.Errorf("%+v", updated)
	}
	if list := must(sandboxes.List(ctx))(t); len(list) != 1 {
		t.Errorf("%v", list)
	}
	if err := sandboxes.Delete(ctx, "pod"); err != nil {
		t.Error(err)
	}
	isKind(t, sandboxes.Delete(ctx, "pod"), stowbook.ErrNotFound)
}

func TestNamespaces(t *testing.T) {
	store := openMemory(t)
	namespaces := store.Namespaces()
	must(namespaces.Create(ctx, &stowbook.NamespaceRecord{Name: "a", Labels: map[string]string{"k": "v"}}))(t)
	_, err := namespaces.Create(ctx, &stowbook.NamespaceRecord{Name: "a"})
	isKind(t, err, stowbook.ErrAlreadyExists)
	if err := namespaces.Update(ctx, &stowbook.NamespaceRecord{Name: "a", Labels: map[string]string{"l": "w"}}, "labels.l"); err != nil {
		t.Fatal(err)
	}
	if got := must(namespaces.Get(ctx, "a"))(t); !reflect.DeepEqual(got.Labels, map[string]string{"k": "v", "l": "w"}) {
		t.Errorf("%+v", got)
	}
	must(store.Namespace("a").Containers().Create(ctx, web()))(t)
	isKind(t, namespaces.Delete(ctx, "a"), stowbook.ErrFailedPrecondition)
	if list := must(namespaces.List(ctx))(t); len(list) != 1 || list[0].Name != "a" {
		t.Errorf("%v", list)
	}
	if err := store.Namespace("a").Containers().Delete(ctx, "web"); err != nil {
		t.Fatal(err)
	}
	if err := namespaces.Delete(ctx, "a"); err != nil {
		t.Error(err)
	}
	if store.Namespace("a").Name() != "a" {
		t.Error("a namespace has lost its name")
	}
}

func TestJSON(t *testing.T) {
	created := must(openMemory(t).Namespace("default").Containers().Create(ctx, web()))(t)
	for _, record := range []any{
		created,
		&stowbook.Image{Name: "i", Target: target(), CreatedAt: created.CreatedAt},
		&stowbook.Lease{ID: "l", CreatedAt: created.CreatedAt, Labels: map[string]string{"a": "<b>"}},
		&stowbook.Sandbox{ID: "s", Runtime: web().Runtime, Extensions: web().Extensions},
		&stowbook.NamespaceRecord{Name: "n", Labels: map[string]string{"a": "b"}},
	} {
		text := must(json.Marshal(record))(t)
		back := reflect.New(reflect.TypeOf(record).Elem()).Interface()
		if err := json.Unmarshal(text, back); err != nil || !reflect.DeepEqual(back, record) {
			t.Errorf("%s\nbecame %+v, %v", text, back, err)
		}
	}
	if text := must(json.Marshal(web()))(t); !strings.Contains(string(text), `"value_base64":"AAE="`) {
		t.Errorf("%s", text)
	}
	var nobody *stowbook.Container
	if text := must(json.Marshal(nobody))(t); string(text) != "null" {
		t.Errorf("%s", text)
	}

	kept := web()
	err := json.Unmarshal([]byte(`{"id": "x", "colour": "red"}`), kept)
	if failure := isKind(t, err, stowbook.ErrInvalidArgument); failure.Detail("column") == "" {
		t.Errorf("%#v", failure)
	}
	if !reflect.DeepEqual(kept, web()) {
		t.Error("a text that cannot be read has changed the record")
	}
}

// A newer containerd's fields stay with the record, at each level.
func TestUnknownFields(t *testing.T) {
	containers := openMemory(t).Namespace("default").Containers()
	extra := []byte{0xf2, 0x3f, 3, 'n', 'e', 'w'} // field 1022, a text
	record := web()
	record.Unknown, record.Runtime.Unknown, record.Spec.Unknown = extra, extra, extra
	must(containers.Create(ctx, record))(t)
	got := must(containers.Get(ctx, "web"))(t)
	for level, unknown := range map[string][]byte{"record": got.Unknown, "runtime": got.Runtime.Unknown, "spec": got.Spec.Unknown} {
		if !reflect.DeepEqual(unknown, extra) {
			t.Errorf("%s: got %v", level, unknown)
		}
	}
	if got.ID != "web" || got.Spec.TypeURL != record.Spec.TypeURL {
		t.Errorf("%+v", got)
	}

	record.Unknown = []byte{0xf2}
	record.ID = "other"
	_, err := containers.Create(ctx, record)
	isKind(t, err, stowbook.ErrInvalidArgument)
}
