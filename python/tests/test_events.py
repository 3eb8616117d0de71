from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stowbook import (
    Any,
    Container,
    Event,
    EventBounds,
    FailedPreconditionError,
    InvalidArgumentError,
    Namespace,
    OutOfRangeError,
    Store,
    UnsupportedError,
)

from typing import Any as Anything

WEB = Container("web", "runc")


@pytest.fixture
def told(store: Store) -> Store:
    containers = store.namespace("default").containers
    containers.create(WEB)
    containers.update(WEB.replace(labels={"a": "b"}), ["labels"])
    containers.delete("web")
    return store


def topics(events: Anything) -> list[str]:
    return [event.topic for event in events]


ALL = ["/containers/create", "/containers/update", "/containers/delete"]


def test_reading_and_going_on(told: Store) -> None:
    page = told.events.read(limit=2)
    assert (topics(page), len(page), page.bounds) == (ALL[:2], 2, EventBounds(1, 3))
    assert topics(told.events.read(since=page.next)) == ALL[2:]
    assert topics(told.events.read(since=1)) == ALL[1:]
    assert topics(told.events.read(since=page.next.split(":")[1])) == ALL[2:]
    assert topics(told.events.read("topic~=create|delete", since="oldest")) == [ALL[0], ALL[2]]
    assert not list(told.events.read(since="now"))
    assert told.events.cursor(2) == page.next
    assert told.events.bounds() == EventBounds(1, 3)


def test_what_an_event_is(told: Store) -> None:
    event = told.events.read().events[0]
    assert (event.number, event.namespace, event.published) == (1, "default", True)
    assert event.timestamp is not None and event.timestamp_ns is not None
    assert event.payload() == {"id": "web", "runtime": {"name": "runc"}}
    assert event.event is not None and event.event.type_url == "containerd.events.ContainerCreate"
    assert json.loads(event.to_json()) == event.to_dict()
    assert repr(event).startswith("<Event(1, namespace='default', topic='/containers/create', event=Any(")
    copied = pickle.loads(pickle.dumps(event))
    assert copied == event and copied.number == 1
    assert Event.from_protobuf(event.to_protobuf()) != event, "the number is not in the message"
    assert Event.from_protobuf(event.to_protobuf(), 1) == event
    told.events.publish("default", "/mine", Any("type/mine", b"\xff"))
    mine = told.events.read(since=3).events[0]
    assert mine.payload() is None and mine.to_dict()["value_base64"] == "/w=="


def test_places_that_are_not_in_the_log(told: Store) -> None:
    for since in (9, "9"):
        with pytest.raises(OutOfRangeError) as caught:
            told.events.read(since=since)
        assert isinstance(caught.value, IndexError) and caught.value.details["newest"] == "3"
    with pytest.raises(FailedPreconditionError, match="another book"):
        told.events.read(since=Store.in_memory().events.cursor(0))
    with pytest.raises(InvalidArgumentError):
        told.events.subscribe(since="yesterday")
    with pytest.raises(OutOfRangeError):
        told.events.read(since=-1)
    for wrong in (None, 1.5, b"now"):
        with pytest.raises(TypeError):
            told.events.read(since=wrong)  # type: ignore[arg-type]


def test_a_subscription_is_an_iterator_with_resume(told: Store) -> None:
    events = told.events.subscribe(since="oldest", timeout=0)
    assert next(events).topic == ALL[0]
    with told.events.subscribe(since=events.cursor or "", timeout=0) as rest:
        assert topics(rest) == ALL[1:]
    assert topics(events) == ALL[1:]
    told.namespaces.create(Namespace("k8s.io"))
    assert topics(events) == ["/namespaces/create"], "it goes on after a pause"
    assert topics(told.events.subscribe("event.id==web", since=0, timeout=0)) == ALL
    assert topics(told.events.subscribe(timeout=0.01)) == []


def test_events_come_while_one_waits(store: Store) -> None:
    events = store.events.subscribe("event.id==web", timeout=60)
    writer = threading.Timer(0.2, lambda: store.namespace("default").containers.create(WEB))
    writer.start()
    assert next(events).topic == "/containers/create"
    writer.join()


def test_closing_ends_subscriptions(path: Path) -> None:
    with Store.open(path) as store:
        events = store.events.subscribe()
        errors: list[Exception] = []

        def wait() -> None:
            try:
                next(events)
            except Exception as error:
                errors.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join(10)
    assert isinstance(errors[0], FailedPreconditionError) and "the store is closed" in str(errors[0])
    with pytest.raises(FailedPreconditionError):
        events.cursor
    events.close()
    Store.open(path).close()


def test_a_closed_subscription_says_so(store: Store) -> None:
    events = store.events.subscribe()
    events.close()
    events.close()
    with pytest.raises(FailedPreconditionError, match="closed"):
        next(events)


def test_waiting_can_be_interrupted() -> None:
    script = (
        "import signal, stowbook; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "events = stowbook.Store.in_memory().events.subscribe(); print('waits', flush=True); next(events)"
    )
    run = [sys.executable, "-c", script]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None and waiting.stdout.readline() == "waits\n"
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate(timeout=10)
    assert "KeyboardInterrupt" in errors


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf")])
def test_timeouts_that_are_none(store: Store, timeout: float) -> None:
    with pytest.raises(InvalidArgumentError, match="timeout"):
        store.events.subscribe(timeout=timeout)


def test_a_transaction_only_publishes(store: Store) -> None:
    with store.write() as txn:
        for read in (txn.events.read, txn.events.subscribe, txn.events.bounds):
            with pytest.raises(UnsupportedError):
                read()
        with pytest.raises(InvalidArgumentError):
            txn.events.publish("default", "no topic", Any("", b""))
        txn.events.publish("default", "/mine", Any("", b""))
    assert topics(store.events.read()) == ["/mine"]
