"""containerd's own databases, whole and damaged: the files of tests/metadb."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any as Anything

import pytest

from stowbook import (
    AlreadyExistsError,
    Any,
    Container,
    FailedPreconditionError,
    Image,
    Lease,
    MetaDb,
    Namespace,
    NotFoundError,
    Sandbox,
    Store,
    StowbookError,
    UnsupportedError,
)

FILES = Path(__file__).parents[2] / "tests" / "metadb"
NEW = FILES / "containerd-2.3.4.db"
OLD = FILES / "containerd-1.6.20.db"


@pytest.mark.parametrize("file", [NEW, OLD], ids=lambda file: file.stem)
def test_the_dump_is_exact(file: Path) -> None:
    truth = json.loads(file.with_suffix(".json").read_text())
    for told in truth.values():
        for container in told["containers"]:
            # The client that wrote it shows options that are not there as empty ones.
            if container["runtime"]["options"] == {"type_url": "", "value_base64": ""}:
                container["runtime"]["options"] = None
    for metadb in (MetaDb.open(file), MetaDb.open(str(file)), MetaDb.from_bytes(file.read_bytes())):
        with metadb:
            dump = metadb.dump()
        assert dump.keys() == truth.keys()
        for namespace, told in truth.items():
            for kind in ("labels", "containers", "images", "leases"):
                assert dump[namespace][kind] == told[kind]


def test_the_same_api_as_a_store() -> None:
    with MetaDb.open(NEW) as metadb:
        dump = metadb.dump()
        assert [namespace.name for namespace in metadb.namespaces] == sorted(dump)
        seen = 0
        for name, told in dump.items():
            here = metadb.namespace(name)
            kinds: list[tuple[Anything, str, str]] = [
                (here.containers, "containers", "id"),
                (here.images, "images", "name"),
                (here.sandboxes, "sandboxes", "id"),
            ]
            for collection, kind, key in kinds:
                records = list(collection)
                assert [getattr(record, key) for record in records] == [record[key] for record in told[kind]]
                assert records == collection.list() == [collection.get(getattr(record, key)) for record in records]
                seen += len(records)
            assert [lease.id for lease in here.leases] == [lease["id"] for lease in told["leases"]]
            for lease in told["leases"]:
                assert len(here.leases.resources(lease["id"])) == len(lease["resources"])
            digests = [blob["digest"] for blob in told["content"]["blobs"]]
            assert [blob.digest for blob in here.content] == digests
            assert [here.content.get(digest).digest for digest in digests] == digests
            assert metadb.snapshotters(name) == sorted(told["snapshots"])
            for snapshotter, kept in told["snapshots"].items():
                found = here.snapshots(snapshotter).list()
                assert len(found) == len(kept["snapshots"])
                assert all(here.snapshots(snapshotter).get(one.name) == one for one in found)
                seen += len(found)
        assert seen > 50
        containers = metadb.namespace(sorted(dump)[0]).containers
        first = containers.list()[0]
        assert containers.list(f'id=="{first.id}"') == [first]
        with pytest.raises(NotFoundError):
            containers.get("nowhere")
        assert "nowhere" not in containers and first.id in containers
        assert repr(containers).endswith("of a database>") and repr(metadb) == f"<database {str(NEW)!r}>"
        info = metadb.info()
        assert (info.page_size, info.version) == (4096, 4) and info.txid > 0


def test_it_is_for_reading_only() -> None:
    with MetaDb.open(NEW) as metadb:
        here: Anything = metadb.namespace("default")
        for change in (
            lambda: here.containers.create(Container("a", "b")),
            lambda: here.images.create(Image("a")),
            lambda: here.leases.create(Lease("a")),
            lambda: here.sandboxes.delete("a"),
            lambda: here.content.write(b"a"),
            lambda: here.snapshots("native").prepare("a"),
            lambda: here.sandboxes.update(Sandbox("a")),
            lambda: metadb.namespaces.create(Namespace("a")),
        ):
            with pytest.raises(FailedPreconditionError, match="reading only"):
                change()


def test_a_closed_one_says_so() -> None:
    metadb = MetaDb.open(NEW)
    containers = metadb.namespace("default").containers
    metadb.close()
    metadb.close()
    assert metadb.closed and "closed" in repr(metadb)
    for use in (metadb.info, metadb.dump, containers.list, metadb.__enter__):
        with pytest.raises(FailedPreconditionError, match="the database is closed"):
            use()


def damaged(path: Path) -> Path:
    """A file whose meta pages are both gone, and a page in the middle."""
    data = bytearray(NEW.read_bytes())
    for page in (0, 4096):
        data[page + 72 : page + 80] = b"\xff" * 8  # the checksum
    data[40_960:45_056] = b"\0" * 4096
    path.write_bytes(data)
    return path


def test_a_damaged_file_is_read_in_three_lines(tmp_path: Path) -> None:
    path = damaged(tmp_path / "meta.db")
    with pytest.raises(StowbookError):
        MetaDb.open(path)
    #
    saved = MetaDb.salvage(path)
    found = [name for namespace in saved.namespaces.values() for name in namespace["containers"]]
    lost = [str(finding) for finding in saved.findings if finding.severity == "damage"]
    #
    assert lost and (found or saved.fragments)
    assert MetaDb.salvage(path.read_bytes()) == saved
    assert any(finding.severity == "damage" for finding in MetaDb.check(path))


def test_a_whole_file_has_no_damage() -> None:
    for source in (NEW, str(NEW), NEW.read_bytes(), bytearray(NEW.read_bytes())):
        assert all(finding.severity == "oddity" for finding in MetaDb.check(source))
    with MetaDb.open(NEW) as metadb:
        assert dict(MetaDb.salvage(NEW).namespaces) == metadb.dump()


def test_every_cut_gives_findings_or_an_error() -> None:
    data = NEW.read_bytes()
    for length in [0, 1, 16, 4095, 4096, 8191, 8192, *range(8193, len(data), len(data) // 40)]:
        cut = data[:length]
        try:
            MetaDb.from_bytes(cut).dump()
        except StowbookError:
            pass
        try:
            assert MetaDb.check(cut) or length > 8192
        except StowbookError as error:
            assert error.kind == "failed_precondition" and length < 8192
        assert MetaDb.salvage(cut).findings


@pytest.mark.skipif(os.name != "posix", reason="pipes and modes are POSIX's")
def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        MetaDb.check(tmp_path / "nowhere")
    with pytest.raises(FailedPreconditionError):
        MetaDb.open(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FailedPreconditionError):
        MetaDb.salvage(tmp_path / "pipe")
    wrong: list[Anything] = [None, 5, [b"a"]]
    for source in wrong:
        for take in (MetaDb.open, MetaDb.check, MetaDb.salvage, MetaDb.from_bytes):
            with pytest.raises(TypeError):
                take(source)


def test_import(path: Path) -> None:
    with MetaDb.open(NEW) as metadb, Store.open(path) as store:
        told = store.import_metadb(metadb, dry_run=True)
        assert told.containers > 0 and store.namespaces.list() == []
        if told.inexact:
            with pytest.raises(FailedPreconditionError):
                store.import_metadb(metadb)
        for namespace in metadb.namespaces:
            one = store.import_metadb(metadb, namespaces=[namespace.name], dry_run=True)
            if not one.inexact:
                assert store.import_metadb(metadb, namespaces=[namespace.name]).containers == one.containers
                here = store.namespace(namespace.name).containers.list()
                assert here == metadb.namespace(namespace.name).containers.list()
                again = store.import_metadb(metadb, namespaces=[namespace.name], dry_run=True)
                assert (again.conflicts, again.containers) == ((), 0) and again.unchanged >= len(here)
                for container in here[:1]:
                    changed = container.replace(image="another")
                    store.namespace(namespace.name).containers.update(changed, ["image"])
                    again = store.import_metadb(metadb, namespaces=[namespace.name], dry_run=True)
                    assert len(again.conflicts) == 1 and container.id in again.conflicts[0]
                    with pytest.raises(AlreadyExistsError):
                        store.import_metadb(metadb, namespaces=[namespace.name])
                    kept = store.import_metadb(metadb, namespaces=[namespace.name], keep_existing=True)
                    assert kept.containers == 0
        with pytest.raises(NotFoundError):
            store.import_metadb(metadb, namespaces=["nowhere"])
        assert any(store.namespace(namespace.name).containers.list() for namespace in store.namespaces)


def test_owners() -> None:
    with MetaDb.open(NEW) as metadb:
        containers = [(space.name, one) for space in metadb.namespaces for one in metadb.namespace(space.name).containers]
        namespace, container = next((name, one) for name, one in containers if one.snapshot_key)
        found = [owned for owned in metadb.owners(container.snapshot_key) if owned.namespace == namespace]
        assert container.id in [owner.resource.id for owned in found for owner in owned.owners]
        assert metadb.owners("nobody's") == []


def test_spec_of_a_record() -> None:
    with MetaDb.open(NEW) as metadb:
        specs = [one.spec for namespace in metadb.namespaces for one in metadb.namespace(namespace.name).containers]
    assert any(isinstance(spec, Any) for spec in specs)
