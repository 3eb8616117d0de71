"""Records: what goes in comes out, in every form, and none of it changes in place."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any as Anything
from typing import Union

import pytest

from stowbook import Any, Container, Containers, InvalidArgumentError, Namespace, Runtime

SPEC = Any("types.containerd.io/opencontainers/runtime-spec/1/Spec", b'{"ociVersion":"1.2.1"}')
FULL = Container(
    "web",
    Runtime("io.containerd.runc.v2", Any("containerd.runc.v1.Options", b"\x08\x01")),
    labels={"role": "front", "a": "é 界"},
    image="docker.io/library/nginx:1.27",
    spec=SPEC,
    snapshotter="overlayfs",
    snapshot_key="web-rootfs",
    extensions={"note": Any("t", b"\x00\xff")},
    sandbox_id="pod",
)
Record = Union[Container, Namespace, Runtime, Any]


def test_members() -> None:
    assert FULL.id == "web"
    assert FULL.runtime == Runtime("io.containerd.runc.v2", Any("containerd.runc.v1.Options", b"\x08\x01"))
    assert FULL.runtime.options is not None and FULL.runtime.options.value == b"\x08\x01"
    assert list(FULL.labels.items()) == [("a", "é 界"), ("role", "front")]
    assert FULL.image == "docker.io/library/nginx:1.27"
    assert FULL.spec == SPEC and FULL.spec.json() == {"ociVersion": "1.2.1"}
    assert (FULL.snapshotter, FULL.snapshot_key, FULL.sandbox_id) == ("overlayfs", "web-rootfs", "pod")
    assert FULL.extensions == {"note": Any("t", b"\x00\xff")}
    assert (FULL.created_at, FULL.created_at_ns, FULL.updated_at, FULL.updated_at_ns) == (None, None, None, None)


def test_what_is_not_given_is_empty() -> None:
    empty = Container("web")
    assert (empty.runtime, empty.labels, empty.image, empty.spec) == (Runtime(""), {}, "", None)
    assert (empty.snapshotter, empty.snapshot_key, empty.extensions, empty.sandbox_id) == ("", "", {}, "")
    assert empty == Container(id="web", runtime="", labels={}, spec=None, extensions=None)


@pytest.mark.parametrize("record", [FULL, Container("web"), Namespace("n", {"a": "b"}), Runtime("r", SPEC), SPEC])
def test_every_record_survives_protobuf_pickle_and_copy(record: Record) -> None:
    assert type(record).from_protobuf(record.to_protobuf()) == record
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(record, protocol)) == record
    assert copy.copy(record) == record
    assert copy.deepcopy([record]) == [record]


@pytest.mark.parametrize("record", [FULL, Container("web"), Namespace("n", {"a": "b"})])
def test_json_and_dict_are_one_form(record: Union[Container, Namespace]) -> None:
    assert type(record).from_json(record.to_json()) == record
    assert type(record).from_json(record.to_json().encode()) == record
    assert type(record).from_json(bytearray(record.to_json().encode())) == record
    assert json.loads(record.to_json()) == record.to_dict()
    assert type(record).from_dict(record.to_dict()) == record


def test_a_stored_record_keeps_its_times(containers: Containers) -> None:
    before = datetime.now(timezone.utc) - timedelta(milliseconds=1)
    stored = containers.create(FULL)
    assert stored.created_at is not None and stored.created_at_ns is not None
    assert before <= stored.created_at <= datetime.now(timezone.utc)
    assert stored.created_at.tzinfo is timezone.utc
    microseconds = (stored.created_at - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
    assert stored.created_at_ns // 1000 == microseconds
    assert stored != FULL
    for copied in [
        pickle.loads(pickle.dumps(stored)),
        Container.from_json(stored.to_json()),
        Container.from_protobuf(stored.to_protobuf()),
        stored.replace(),
    ]:
        assert copied == stored and copied.updated_at_ns == stored.updated_at_ns


@pytest.mark.parametrize(
    ("text", "nanoseconds", "microsecond"),
    [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1969-12-31T23:59:59.999999999Z", -1, 999_999),
        ("0001-01-01T00:00:00.000000001Z", -62_135_596_800_000_000_000 + 1, 0),
        ("9999-12-31T23:59:59.999999999Z", 253_402_300_799_999_999_999, 999_999),
    ],
)
def test_times_at_the_ends_of_the_calendar(text: str, nanoseconds: int, microsecond: int) -> None:
    container = Container.from_dict({"id": "web", "created_at": text})
    assert container.created_at_ns == nanoseconds
    assert container.created_at is not None
    assert container.created_at.isoformat().startswith(text[:19])
    assert container.created_at.microsecond == microsecond


def test_fields_that_are_not_known_are_kept() -> None:
    unknown = b"\xfa\x3e\x03new"  # field 1007
    message = FULL.to_protobuf() + unknown
    read = Container.from_protobuf(message)
    assert read != FULL
    assert read.to_protobuf() == message
    assert pickle.loads(pickle.dumps(read)) == read
    assert read.replace(image="other").to_protobuf().endswith(unknown)


def test_replace() -> None:
    changed = FULL.replace(labels={**FULL.labels, "role": "back"}, spec=None, runtime="runc")
    assert changed.labels == {"a": "é 界", "role": "back"}
    assert changed.spec is None
    assert changed.runtime == Runtime("runc")
    assert changed.extensions == FULL.extensions
    assert FULL.labels["role"] == "front"
    assert changed.replace(labels=FULL.labels, spec=FULL.spec, runtime=FULL.runtime) == FULL


def test_records_do_not_change_in_place() -> None:
    record: Anything = FULL
    for name in ["id", "labels", "spec", "created_at", "other"]:
        with pytest.raises(AttributeError):
            setattr(record, name, "x")
    for mapping in [record.labels, record.extensions]:
        with pytest.raises(TypeError):
            mapping["x"] = "y"


def test_equality_and_hash() -> None:
    assert Container("a") != Container("b")
    assert Container("a") != "a"
    assert {SPEC: 1}[Any(SPEC.type_url, SPEC.value)] == 1
    for record in [FULL, Namespace("n"), Runtime("r")]:
        with pytest.raises(TypeError, match="unhashable"):
            hash(record)


def test_repr_shows_what_is_there() -> None:
    assert repr(FULL) == (
        "Container('web', runtime=Runtime('io.containerd.runc.v2', options=Any('containerd.runc.v1.Options', <2 bytes>)),"
        " labels={'a': 'é 界', 'role': 'front'}, image='docker.io/library/nginx:1.27', snapshotter='overlayfs',"
        " snapshot_key='web-rootfs', sandbox_id='pod',"
        " spec=Any('types.containerd.io/opencontainers/runtime-spec/1/Spec', <22 bytes>), extensions=<'note'>)"
    )
    assert repr(Container("it's", "r")) == "Container(\"it's\", runtime='r')"
    assert "created_at=<2026-01-02T03:04:05.6Z>" in repr(
        Container.from_dict({"id": "a", "created_at": "2026-01-02T03:04:05.6Z"})
    )


def test_values_that_are_not_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        Any("t", b"{").json()
    with pytest.raises(UnicodeDecodeError):
        Any("t", b'"\xff"').json()


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", '{"id": 1}', '{"other": 1}', '{"id": "\\ud800"}', '{"created_at": "today"}', "[" * 100_000],
)
def test_json_that_is_no_record(text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Container.from_json(text)
    assert caught.value.message.startswith("container: ")
    assert caught.value.details["line"] == "1"


@pytest.mark.parametrize("message", [b"\xff", b"\x0a\x05we", b"\x0a\x01\xff", b"\x00"])
def test_bytes_that_are_no_record(message: bytes) -> None:
    for read in (Container.from_protobuf, Namespace.from_protobuf, Runtime.from_protobuf, Any.from_protobuf):
        with pytest.raises(InvalidArgumentError):
            read(message)
