"""What a store does; the rules themselves are the vectors' matter."""

from __future__ import annotations

import pytest

from stowbook import (
    AlreadyExistsError,
    Any,
    Container,
    Containers,
    FailedPreconditionError,
    InvalidArgumentError,
    Namespace,
    NotFoundError,
    Store,
)

WEB = Container("web", "io.containerd.runc.v2", labels={"role": "front"}, spec=Any("t", b"{}"))


def test_create_get_update_delete(containers: Containers) -> None:
    created = containers.create(WEB)
    assert created.replace() == created == containers.get("web")
    assert created.labels == WEB.labels and created.spec == WEB.spec

    updated = containers.update(Container("web", labels={"tier": "1"}, image="x"), fields=["labels.tier"])
    assert updated.labels == {"role": "front", "tier": "1"}
    assert updated.image == ""
    assert updated.created_at_ns == created.created_at_ns
    assert containers.update(WEB).labels == WEB.labels
    assert containers.update(WEB.replace(image="y"), ("image", "labels")).image == "y"

    containers.delete("web")
    with pytest.raises(NotFoundError, match='container web'):
        containers.delete("web")
    assert containers.list() == []


def test_refusals(containers: Containers) -> None:
    containers.create(WEB)
    with pytest.raises(AlreadyExistsError):
        containers.create(WEB)
    with pytest.raises(InvalidArgumentError, match="immutable"):
        containers.update(WEB.replace(runtime="other"))
    with pytest.raises(InvalidArgumentError, match='cannot update "id" field'):
        containers.update(WEB, fields=["id"])
    with pytest.raises(InvalidArgumentError, match="Runtime.Name must be set"):
        containers.create(Container("db"))
    with pytest.raises(NotFoundError):
        containers.update(Container("db"))


def test_filters(containers: Containers) -> None:
    for id in ["a", "b", "c"]:
        containers.create(WEB.replace(id=id, labels={"is": id, "both": "yes"}))
    assert [container.id for container in containers.list()] == ["a", "b", "c"]
    assert [container.id for container in containers.list("labels.is==b", "id==c")] == ["b", "c"]
    assert [container.id for container in containers.list("labels.both,id!=a")] == ["b", "c"]
    assert containers.list("labels.is==nothing") == []
    with pytest.raises(InvalidArgumentError, match="filters: parse error"):
        containers.list("id==")
    assert containers.list("id~=(") == []  # as in containerd, a pattern that is none matches nothing


def test_iteration_and_membership(containers: Containers) -> None:
    for id in ["a", "b", "c"]:
        containers.create(WEB.replace(id=id))
    assert "a" in containers and "z" not in containers
    for container in containers:
        containers.delete(container.id)
    assert list(containers) == []


def test_an_abandoned_iteration_holds_nothing(containers: Containers) -> None:
    for id in ["a", "b"]:
        containers.create(WEB.replace(id=id))
    ids = (container.id for container in containers)
    assert next(ids) == "a"
    containers.delete("b")
    ids.close()
    iterator = iter(containers)
    del iterator
    assert [container.id for container in containers] == ["a"]


def test_namespaces(store: Store) -> None:
    assert store.namespaces.list() == []
    assert store.namespaces.create(Namespace("k8s.io", {"a": "b"})) == Namespace("k8s.io", {"a": "b"})
    store.namespaces.update(Namespace("k8s.io", {"c": "d"}), fields=["labels.c"])
    assert store.namespaces.get("k8s.io").labels == {"a": "b", "c": "d"}
    store.namespace("default").containers.create(WEB)
    assert [namespace.name for namespace in store.namespaces] == ["default", "k8s.io"]
    assert "default" in store.namespaces and "other" not in store.namespaces
    with pytest.raises(FailedPreconditionError, match="must be empty"):
        store.namespaces.delete("default")
    store.namespaces.delete("k8s.io")
    with pytest.raises(NotFoundError):
        store.namespaces.delete("k8s.io")


def test_namespaces_are_apart(store: Store) -> None:
    store.namespace("a").containers.create(WEB)
    assert "web" not in store.namespace("b").containers
    for name, error in [("", FailedPreconditionError), ("no/name", InvalidArgumentError)]:
        with pytest.raises(error):
            store.namespace(name).containers.list()


def test_stores_in_memory_are_apart(containers: Containers) -> None:
    containers.create(WEB)
    assert Store.in_memory().namespaces.list() == []


def test_handles_keep_the_store() -> None:
    containers = Store.in_memory().namespace("default").containers
    assert containers.create(WEB).id == "web"


def test_repr(store: Store) -> None:
    assert repr(store) == "<store in memory>"
    assert repr(store.namespaces) == "<namespaces of a store>"
    assert repr(store.namespace("it's")) == '<namespace "it\'s" of a store>'
    assert repr(store.namespace("a").containers) == "<containers in namespace 'a' of a store>"
    assert repr(store.write().namespace("a").containers) == "<containers in namespace 'a' of a transaction>"
