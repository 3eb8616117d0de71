package stowbook_test

import (
	"context"
	"testing"
	"time"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

func TestEvents(t *testing.T) {
	store := openMemory(t)
	must(store.Namespace("default").Containers().Create(ctx, web()))(t)
	if err := store.Namespace("default").Publish(ctx, "/tests/hello", &stowbook.Any{TypeURL: "x", Value: []byte("y")}); err != nil {
		t.Fatal(err)
	}
	when := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	if err := store.Events().Forward(ctx, &stowbook.Event{Timestamp: when, Namespace: "far", Topic: "/a/b", Message: &stowbook.Any{TypeURL: "z"}}); err != nil {
		t.Fatal(err)
	}

	first, last, err := store.Events().Bounds(ctx)
	if first != 1 || last != 3 || err != nil {
		t.Errorf("%d to %d, %v", first, last, err)
	}
	events, next, err := store.Events().Read(ctx, stowbook.Oldest, 10)
	if err != nil || len(events) != 3 {
		t.Fatalf("%v, %v", events, err)
	}
	if e := events[0]; e.Number != 1 || e.Topic != "/containers/create" || e.Namespace != "default" || !e.Published || time.Since(e.Timestamp) > time.Hour {
		t.Errorf("%+v", e)
	}
	if e := events[1]; e.Topic != "/tests/hello" || e.Message.TypeURL != "x" || string(e.Message.Value) != "y" {
		t.Errorf("%+v", e)
	}
	if e := events[2]; e.Namespace != "far" || !e.Timestamp.Equal(when) {
		t.Errorf("%+v", e)
	}
	if events, again, err := store.Events().Read(ctx, next, 10); len(events) != 0 || again != next || err != nil {
		t.Errorf("%v, %q, %v", events, again, err)
	}
	if events, _, err := store.Events().Read(ctx, stowbook.After(1), 10, `topic=="/a/b"`, "event.id==no"); len(events) != 1 || err != nil {
		t.Errorf("%v, %v", events, err)
	}
	_, _, err = store.Events().Read(ctx, stowbook.After(99), 1)
	isKind(t, err, stowbook.ErrOutOfRange)
	_, _, err = openMemory(t).Events().Read(ctx, next, 1)
	isKind(t, err, stowbook.ErrFailedPrecondition)
}

func TestSubscription(t *testing.T) {
	store := openMemory(t)
	containers := store.Namespace("default").Containers()
	subscription := must(store.Events().Subscribe(ctx, stowbook.Now, `topic~="^/containers/"`))(t)
	if event, err := subscription.Poll(ctx); event != nil || err != nil {
		t.Fatalf("%v, %v", event, err)
	}

	// One who waits is woken.
	got := make(chan *stowbook.Event)
	go func() { got <- must(subscription.Next(ctx))(t) }()
	must(containers.Create(ctx, web()))(t)
	if event := <-got; event.Topic != "/containers/create" {
		t.Errorf("%+v", event)
	}

	// Resume: nothing is missed, nothing comes twice.
	if err := containers.Delete(ctx, "web"); err != nil {
		t.Fatal(err)
	}
	cursor := must(subscription.Cursor())(t)
	if err := subscription.Close(); err != nil {
		t.Fatal(err)
	}
	must(containers.Create(ctx, web()))(t)
	resumed := must(store.Events().Subscribe(ctx, cursor))(t)
	var topics []string
	for event, err := range resumed.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if topics = append(topics, event.Topic); len(topics) == 2 {
			break
		}
	}
	if topics[0] != "/containers/delete" || topics[1] != "/containers/create" {
		t.Errorf("%v", topics)
	}

	// Who waits for what never comes is let go by the context, and by Close.
	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err := resumed.Next(soon)
	isKind(t, err, stowbook.ErrDeadlineExceeded)
	ended := make(chan error)
	go func() { ended <- last(resumed.All(ctx)) }()
	time.Sleep(time.Millisecond)
	if err := resumed.Close(); err != nil {
		t.Fatal(err)
	}
	isKind(t, <-ended, stowbook.ErrClosed)
	isKind(t, resumed.Close(), stowbook.ErrClosed)
}
