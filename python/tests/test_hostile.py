"""Whatever is passed: an exception of the right class, never a crash, and nothing half done."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from typing import Any as Anything
from typing import Callable

import pytest

from stowbook import (
    Any,
    Container,
    Containers,
    InvalidArgumentError,
    Namespace,
    NotFoundError,
    ResourceExhaustedError,
    Runtime,
    Store,
    StowbookError,
)

SURROGATES = ["\ud800", "a\udfffb", "\udc80", "\ud83d\ud83d"]
WRONG: list[Anything] = [None, 5, b"web", ["web"], object()]

Call = Callable[[Anything, Anything], object]

TAKE_TEXT: dict[str, Call] = {
    "Container.id": lambda store, text: Container(text),
    "Container.runtime": lambda store, text: Container("a", text),
    "Container.image": lambda store, text: Container("a", image=text),
    "Container.snapshotter": lambda store, text: Container("a", snapshotter=text),
    "Container.snapshot_key": lambda store, text: Container("a", snapshot_key=text),
    "Container.sandbox_id": lambda store, text: Container("a", sandbox_id=text),
    "Container.labels keys": lambda store, text: Container("a", labels=_dict(text, "x")),
    "Container.labels values": lambda store, text: Container("a", labels={"x": text}),
    "Container.extensions": lambda store, text: Container("a", extensions=_dict(text, Any("", b""))),
    "Container.replace": lambda store, text: Container("a").replace(image=text),
    "Runtime": lambda store, text: Runtime(text),
    "Any": lambda store, text: Any(text, b""),
    "Namespace": lambda store, text: Namespace(text),
    "store.namespace": lambda store, text: store.namespace(text),
    "namespaces.get": lambda store, text: store.namespaces.get(text),
    "namespaces.delete": lambda store, text: store.namespaces.delete(text),
    "namespaces.update": lambda store, text: store.namespaces.update(Namespace("a"), [text]),
    "in namespaces": lambda store, text: text in store.namespaces,
    "containers.get": lambda store, text: store.namespace("n").containers.get(text),
    "containers.list": lambda store, text: store.namespace("n").containers.list("id==a", text),
    "containers.delete": lambda store, text: store.namespace("n").containers.delete(text),
    "containers.update": lambda store, text: store.namespace("n").containers.update(Container("a"), [text]),
    "in containers": lambda store, text: text in store.namespace("n").containers,
    "transaction": lambda store, text: store.write().namespace(text),
}


def _dict(key: Anything, value: Anything) -> Mapping[Anything, Anything]:
    class Pairs(Mapping[Anything, Anything]):
        """A mapping whose keys need not be hashable."""

        def __getitem__(self, key: Anything) -> Anything:
            return value

        def __iter__(self) -> Iterator[Anything]:
            yield key

        def __len__(self) -> int:
            return 1

    return Pairs()


@pytest.mark.parametrize("name", TAKE_TEXT)
def test_lone_surrogates_are_no_text(store: Store, name: str) -> None:
    for text in SURROGATES:
        with pytest.raises(InvalidArgumentError, match="lone surrogate") as caught:
            TAKE_TEXT[name](store, text)
        assert caught.value.help and caught.value.details["index"] in "01"


@pytest.mark.parametrize("name", TAKE_TEXT)
def test_what_is_no_text_is_a_type_error(store: Store, name: str) -> None:
    for wrong in WRONG:
        with pytest.raises(TypeError):
            TAKE_TEXT[name](store, wrong)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Container(),  # type: ignore[call-arg]
        lambda: Container("a", "b", {}),  # type: ignore[call-arg]
        lambda: Container("a", nothing="b"),  # type: ignore[call-arg]
        lambda: Container("a").replace(nothing="b"),  # type: ignore[call-arg]
        lambda: Container("a", labels=[("a", "b")]),  # type: ignore[arg-type]
        lambda: Container("a", labels="ab"),  # type: ignore[arg-type]
        lambda: Container("a", spec=b"{}"),  # type: ignore[arg-type]
        lambda: Container("a", spec=Runtime("a")),  # type: ignore[arg-type]
        lambda: Container("a", extensions={"a": b""}),  # type: ignore[dict-item]
        lambda: Any("a", "text"),  # type: ignore[arg-type]
        lambda: Any("a", [1]),  # type: ignore[arg-type]
        lambda: Runtime("a", "b"),  # type: ignore[arg-type]
        lambda: Container.from_dict([]),  # type: ignore[arg-type]
        lambda: Container.from_dict({"id": b"a"}),
        lambda: Container.from_json(None),  # type: ignore[arg-type]
        lambda: Container.from_protobuf("text"),  # type: ignore[arg-type]
        lambda: Store(),
        lambda: Store.open(),  # type: ignore[call-arg]
        lambda: Store.open(None),  # type: ignore[arg-type]
        lambda: Store.open(5),  # type: ignore[arg-type]
        lambda: Store.open(b"bytes"),  # type: ignore[arg-type]
        lambda: Store.open("a", True),  # type: ignore[call-arg]
        lambda: Store.open("a", lock_timeout="1"),  # type: ignore[arg-type]
        lambda: Store.open("a", create="yes"),  # type: ignore[arg-type]
        lambda: Store.in_memory().namespace("n").containers.create({"id": "a"}),  # type: ignore[arg-type]
        lambda: Store.in_memory().namespace("n").containers.create(Namespace("a")),  # type: ignore[arg-type]
        lambda: Store.in_memory().namespace("n").containers.update(Container("a"), "labels"),
        lambda: Store.in_memory().namespace("n").containers.update(Container("a"), 5),  # type: ignore[arg-type]
        lambda: Store.in_memory().namespaces.create("a"),  # type: ignore[arg-type]
        lambda: pickle.dumps(Store.in_memory()),
        lambda: pickle.dumps(Store.in_memory().write()),
    ],
)
def test_wrong_types(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError) as caught:
        call()
    assert not isinstance(caught.value, StowbookError)


def test_nothing_can_be_subclassed() -> None:
    for cls in [Store, Container, Containers, Any]:
        with pytest.raises(TypeError, match="not an acceptable base type"):
            type("Sub", (cls,), {})


@pytest.mark.parametrize("id", ["", "\0", "a\0b", "a/b", "../a", "é", "a" * 77, "a" * 10_000_000, " web", "web\n"])
def test_ids_that_are_none(containers: Containers, id: str) -> None:
    with pytest.raises(InvalidArgumentError):
        containers.create(Container(id, "runc"))
    with pytest.raises(NotFoundError):
        containers.get(id)
    with pytest.raises(NotFoundError):
        containers.delete(id)
    assert containers.list() == []


def test_text_may_hold_what_it_likes(containers: Containers) -> None:
    record = Container(
        "web",
        "r\0\n\u202e",
        labels={"\0": "\0", "k" * 2000: "é" * 1000, "🚢": "界"},
        image="i" * 5_000_000,
        spec=Any("\0", bytes(range(256)) * 10_000),
        extensions={"e" * 32_768: Any("", b"")},
    )
    stored = containers.create(record)
    assert containers.get("web") == stored
    assert stored.replace().labels == record.labels
    assert (stored.image, stored.spec, stored.extensions) == (record.image, record.spec, record.extensions)
    assert pickle.loads(pickle.dumps(stored)) == stored


def test_a_refused_create_leaves_nothing(containers: Containers, store: Store) -> None:
    with pytest.raises(InvalidArgumentError):
        containers.create(Container("web", "runc", labels={"k": "v" * 5000}))
    assert store.namespaces.list() == []


@pytest.mark.parametrize("filter", ["==", "id==a,", '"', "a" * 5_000_000 + "=", "\0"])
def test_filters_that_are_none(containers: Containers, filter: str) -> None:
    with pytest.raises(InvalidArgumentError):
        containers.list(filter)


def test_patterns_without_end(containers: Containers) -> None:
    containers.create(Container("a" * 40, "runc"))
    for pattern in ["(" * 50_000, "(a*)*b", "((a{100}){100}){100}", "[" * 100_000]:
        assert containers.list(f"id~={pattern}") == []
    with pytest.raises(ResourceExhaustedError):
        containers.list("id~=" + "a{1000}" * 100)


def test_mappings_that_raise(containers: Containers) -> None:
    class Raising(Mapping[str, str]):
        def __getitem__(self, key: str) -> str:
            raise ZeroDivisionError

        def __iter__(self) -> Iterator[str]:
            yield "a"

        def __len__(self) -> int:
            return 1

    with pytest.raises(ZeroDivisionError):
        Container("a", labels=Raising())
    with pytest.raises(ZeroDivisionError):
        Container("a").replace(labels=Raising())


def test_a_dict_in_itself() -> None:
    circle: dict[str, Anything] = {"id": "a"}
    circle["labels"] = circle
    with pytest.raises(ValueError, match="Circular"):
        Container.from_dict(circle)


@pytest.mark.parametrize("fields", [["labels."], ["labels.a"] * 10_000, ["\0"], [""], ["a" * 1_000_000]])
def test_odd_fields(containers: Containers, fields: list[str]) -> None:
    created = containers.create(Container("web", "runc"))
    try:
        containers.update(Container("web", labels={"a": "b"}), fields)
    except StowbookError as error:
        assert isinstance(error, InvalidArgumentError)
        assert containers.get("web") == created
