"""What holds for the records of every kind, and what only some of them have."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any as Anything

import pytest

import stowbook
from stowbook import (
    AlreadyExistsError,
    Any,
    Blob,
    Container,
    Descriptor,
    FailedPreconditionError,
    Image,
    InNamespace,
    InvalidArgumentError,
    Lease,
    LeaseResource,
    Namespace,
    NotFoundError,
    Runtime,
    Sandbox,
    Snapshot,
    Store,
)

INDEX = Descriptor(
    "application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609, annotations={"org.example.a": "b"}
)
SPEC = Any("types.containerd.io/opencontainers/runtime-spec/1/Spec", b"{}")
RECORDS: list[Anything] = [
    Container("web", "runc", labels={"role": "front"}, spec=SPEC),
    Image("nginx", INDEX, labels={"role": "front"}),
    INDEX,
    Lease("build", {"role": "front"}),
    LeaseResource("images", "nginx"),
    Sandbox("pod", Runtime("runc", SPEC), labels={"role": "front"}, spec=SPEC, extensions={"e": SPEC}, sandboxer="s"),
    Blob("sha256:" + "a" * 64, 7, labels={"role": "front"}),
    Snapshot("rw", labels={"role": "front"}),
    Namespace("k8s.io", {"role": "front"}),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_form_of_every_record(record: Anything) -> None:
    cls = type(record)
    assert cls.from_protobuf(record.to_protobuf()) == record
    assert cls.from_json(record.to_json()) == record
    assert cls.from_dict(record.to_dict()) == record
    assert json.loads(record.to_json()) == record.to_dict()
    assert pickle.loads(pickle.dumps(record)) == record
    assert copy.deepcopy(record) == record
    assert record.replace() == record
    with pytest.raises(TypeError, match="unhashable"):
        hash(record)
    with pytest.raises(AttributeError):
        record.new = 1
    with pytest.raises(TypeError):
        record.replace(nothing=1)
    with pytest.raises(InvalidArgumentError, match=f"^{cls.__name__.lower()}: "):
        cls.from_json("[]")
    with pytest.raises(TypeError):
        type("Sub", (cls,), {})


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_unknown_fields_survive(record: Anything) -> None:
    cls = type(record)
    unknown = b"\xfa\x3e\x03new"  # field 1007
    read = cls.from_protobuf(record.to_protobuf() + unknown)
    assert read != record
    assert read.replace().to_protobuf().endswith(unknown)


def test_what_they_show() -> None:
    assert repr(RECORDS[1]) == (
        f"Image('nginx', target=Descriptor('application/vnd.oci.image.index.v1+json', 'sha256:{'a' * 64}', 1609,"
        " annotations={'org.example.a': 'b'}), labels={'role': 'front'})"
    )
    assert repr(RECORDS[3]) == "Lease('build', labels={'role': 'front'})"
    assert repr(RECORDS[4]) == "LeaseResource('images', 'nginx')"
    assert repr(RECORDS[7]) == "Snapshot('rw', labels={'role': 'front'})"
    assert eval(repr(INDEX)) == INDEX


@pytest.fixture
def default(store: Store) -> InNamespace:
    return store.namespace("default")


def test_images(default: InNamespace) -> None:
    images = default.images
    created = images.create(Image("nginx", INDEX, labels={"role": "front"}))
    assert created.target == INDEX and created.created_at == created.updated_at
    assert images.get("nginx") == created and "nginx" in images and "other" not in images
    assert images.list("target.digest==" + INDEX.digest) == images.list() == list(images) == [created]
    with pytest.raises(AlreadyExistsError):
        images.create(created)
    other = INDEX.replace(digest="sha256:" + "b" * 64, annotations=None)
    updated = images.update(Image("nginx", other), ["target"])
    assert (updated.target, updated.labels) == (other, {"role": "front"})
    with pytest.raises(NotFoundError):
        images.delete("nginx", target=INDEX)
    images.delete("nginx", target=other)
    assert "nginx" not in images
    with pytest.raises(InvalidArgumentError):
        images.create(Image("nginx"))


@pytest.mark.parametrize(
    ("epoch", "nanoseconds"),
    [
        (0, 0),
        (-1, -1),
        (1_580_608_922_123_456_789, 1_580_608_922_123_456_789),
        (datetime(2020, 2, 2, 2, 2, 2, 123456, timezone.utc), 1_580_608_922_123_456_000),
        (datetime(1960, 1, 1, 0, 0, 0, 1, timezone(timedelta(hours=2))), -315_626_399_999_999_000),
    ],
)
def test_source_date_epochs(default: InNamespace, epoch: Anything, nanoseconds: int) -> None:
    created = default.images.create(Image("nginx", INDEX), source_date_epoch=epoch)
    assert (created.created_at_ns, created.updated_at_ns) == (nanoseconds, nanoseconds)
    assert default.images.update(created, source_date_epoch=5).updated_at_ns == 5


@pytest.mark.parametrize(
    ("epoch", "error"),
    [
        (10**30, InvalidArgumentError),
        (-(10**20), InvalidArgumentError),
        (datetime(2020, 2, 2), TypeError),
        ("2020-02-02", TypeError),
        (1.5, TypeError),
        (10**60, OverflowError),
    ],
)
def test_times_that_are_none(default: InNamespace, epoch: Anything, error: type[Exception]) -> None:
    with pytest.raises(error):
        default.images.create(Image("nginx", INDEX), source_date_epoch=epoch)
    assert default.images.list() == []


def test_leases(default: InNamespace) -> None:
    leases = default.leases
    build = leases.create(Lease("build", {"role": "front"}))
    unnamed = leases.create(Lease())
    assert unnamed.id
    assert leases.list("id==build") == [build]
    assert sorted(lease.id for lease in leases) == sorted(["build", unnamed.id])
    resources = [LeaseResource("content", INDEX.digest), LeaseResource("images", "nginx")]
    for resource in [*resources, *resources]:
        leases.add_resource("build", resource)
    assert leases.resources("build") == resources
    leases.delete_resource("build", resources[0])
    assert leases.resources("build") == resources[1:]
    with pytest.raises(NotFoundError):
        leases.resources("other")
    leases.delete("build")
    with pytest.raises(NotFoundError):
        leases.delete("build", sync=True)


def test_sandboxes(default: InNamespace) -> None:
    sandboxes = default.sandboxes
    pod = Sandbox("pod", "runc", labels={"role": "front"}, spec=SPEC, sandboxer="podsandbox")
    created = sandboxes.create(pod)
    assert created.replace(labels=pod.labels).spec == SPEC
    assert sandboxes.get("pod") == created and "pod" in sandboxes
    assert [sandbox.id for sandbox in sandboxes.list("labels.role==front")] == [sandbox.id for sandbox in sandboxes]
    updated = sandboxes.update(Sandbox("pod", labels={"tier": "1"}), ["labels.tier"])
    assert updated.labels == {"role": "front", "tier": "1"}
    sandboxes.delete("pod")
    with pytest.raises(NotFoundError):
        sandboxes.get("pod")


def test_content(store: Store, default: InNamespace) -> None:
    default.leases.create(Lease("build"))
    content = default.with_lease("build").content
    big = bytes(range(256)) * 12_345
    blob = content.write(big, labels={"role": "front"})
    assert blob.size == len(big)
    assert content.read(blob.digest) == big
    assert content.get(blob.digest) == blob and blob.digest in content
    assert content.list("labels.role==front") == list(content) == [blob]
    assert default.leases.resources("build") == [LeaseResource("content", blob.digest)]
    with pytest.raises(AlreadyExistsError):
        content.write(big)
    assert content.read(content.write(b"").digest) == b""
    with pytest.raises(FailedPreconditionError):
        content.write(b"hello", digest=blob.digest.replace("a", "b").replace("1", "2"))
    updated = content.update(blob.replace(labels={"tier": "1"}), ["labels.tier"])
    assert updated.labels == {"role": "front", "tier": "1"}
    content.delete(blob.digest)
    with pytest.raises(NotFoundError):
        content.read(blob.digest)
    with pytest.raises(InvalidArgumentError):
        content.get("no digest")
    with store.write() as txn:
        written = txn.namespace("default").content.write(b"in a transaction")
        txn.namespace("default").leases.add_resource("build", LeaseResource("content", written.digest))
    assert content.read(written.digest) == b"in a transaction"


def test_snapshots(default: InNamespace) -> None:
    snapshots = default.snapshots("overlayfs")
    assert repr(snapshots) == "<snapshots of 'overlayfs' in namespace 'default' of a store>"
    assert snapshots.prepare("rw", labels={"role": "front"}) == snapshots.mounts("rw")
    snapshots.commit("layer", "rw", labels={"containerd.io/gc.root": "1"})
    view = snapshots.view("look", "layer")
    assert view[0]["type"] and snapshots.get("look").parent == "layer"
    assert [(one.name, one.kind) for one in snapshots] == [("layer", "committed"), ("look", "view")]
    assert "kind=<view>" in repr(snapshots.get("look"))
    for loaded in (pickle.loads(pickle.dumps(snapshots.get("look"))), snapshots.get("look").replace()):
        assert loaded == snapshots.get("look")
    with pytest.raises(FailedPreconditionError):
        snapshots.remove("layer")
    snapshots.remove("look")
    assert "look" not in snapshots
    with pytest.raises(InvalidArgumentError):
        default.snapshots("nobody's").list()


def test_all_kinds_in_one_transaction(store: Store) -> None:
    def write(fail: bool) -> None:
        with store.write() as txn:
            default = txn.namespace("default")
            default.containers.create(Container("web", "runc"))
            default.images.create(Image("nginx", INDEX))
            default.leases.create(Lease("build"))
            default.sandboxes.create(Sandbox("pod"))
            default.snapshots("native").prepare("rw")
            txn.events.publish("default", "/mine", SPEC)
            if fail:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(fail=True)
    assert (store.namespaces.list(), len(store.events.read())) == ([], 0)
    write(fail=False)
    default = store.namespace("default")
    counts: list[Anything] = [default.containers, default.images, default.leases, default.sandboxes, default.snapshots("native")]
    assert [len(kind.list()) for kind in counts] == [1] * 5
    assert "/mine" in [event.topic for event in store.events.read()]


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 300])
def test_iteration_goes_through_all(store: Store, count: int) -> None:
    with store.write() as txn:
        containers = txn.namespace("default").containers
        for number in range(count):
            containers.create(Container(f"c-{number:03}", "runc"))
        assert [container.id for container in containers] == [f"c-{number:03}" for number in range(count)]
    containers = store.namespace("default").containers
    assert list(containers) == containers.list()
    iterator = iter(containers)
    assert iter(iterator) is iterator
    assert len(list(iterator)) == count
    assert next(iterator, None) is None


def test_records_may_change_while_one_goes_through_them(store: Store) -> None:
    containers = store.namespace("default").containers
    with store.write() as txn:
        for number in range(300):
            txn.namespace("default").containers.create(Container(f"c-{number:03}", "runc"))
    for container in containers:
        containers.delete(container.id)
    assert containers.list() == []


def test_an_iterator_of_a_closed_store(store: Store) -> None:
    store.namespace("default").containers.create(Container("web", "runc"))
    iterator = iter(store.namespace("default").containers)
    store.close()
    with pytest.raises(FailedPreconditionError, match="closed"):
        next(iterator)


anything: Anything = stowbook


@pytest.mark.parametrize(
    "call",
    [
        lambda default: anything.Image("a", "target"),
        lambda default: anything.Image(5),
        lambda default: anything.Descriptor("a", "b", "c"),
        lambda default: anything.Descriptor("a", "b", 2**63),
        lambda default: anything.Lease(None),
        lambda default: anything.LeaseResource("content"),
        lambda default: anything.Sandbox("a", spec="text"),
        lambda default: anything.Blob("a", 1.5),
        lambda default: anything.Snapshot(b"a"),
        lambda default: default.images.create(anything.Container("a")),
        lambda default: default.images.delete("a", sync="yes"),
        lambda default: default.leases.add_resource("a", "b"),
        lambda default: default.sandboxes.update(anything.Sandbox("a"), "labels"),
        lambda default: default.content.write("text"),
        lambda default: default.snapshots(None),
        lambda default: default.snapshots("native").prepare("a", None),
        lambda default: default.with_lease(5),
        lambda default: default.containers.list(None),
    ],
)
def test_wrong_types(default: InNamespace, call: Callable[[Anything], object]) -> None:
    with pytest.raises((TypeError, OverflowError)):
        call(default)


def test_surrogates(default: InNamespace) -> None:
    bad = "\ud800"
    calls: list[Callable[[], object]] = [
        lambda: Image(bad),
        lambda: Descriptor(bad),
        lambda: Lease("a", {bad: "b"}),
        lambda: LeaseResource("content", bad),
        lambda: Sandbox("a", sandboxer=bad),
        lambda: default.snapshots(bad),
        lambda: default.with_lease(bad),
        lambda: default.images.get(bad),
        lambda: default.content.read(bad),
        lambda: default.leases.list(bad),
    ]
    for call in calls:
        with pytest.raises(InvalidArgumentError, match="lone surrogate"):
            call()
