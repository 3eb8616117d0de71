"""Copies of a whole book: as a file, and as lines of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any as Anything

import pytest

from stowbook import (
    AlreadyExistsError,
    Container,
    DataLossError,
    FailedPreconditionError,
    ImportReport,
    InvalidArgumentError,
    Namespace,
    NotFoundError,
    Store,
    StowbookError,
    UnavailableError,
    restore,
)

from conftest import held_by_another_process

WEB = Container("web", "runc", labels={"role": "front"})


@pytest.fixture
def book(path: Path) -> Path:
    with Store.open(path) as store:
        store.namespace("default").containers.create(WEB)
    return path


def ids(path: Path) -> list[str]:
    with Store.open(path, read_only=True) as store:
        return [container.id for container in store.namespace("default").containers]


def test_a_backup_holds_what_the_book_held(book: Path) -> None:
    backup = book.parent / "backup.redb"
    with Store.open(book) as store:
        store.backup(backup)
        store.namespace("default").containers.delete("web")
        with pytest.raises(AlreadyExistsError):
            store.backup(path=backup)
    assert (ids(book), ids(backup)) == ([], ["web"])
    restore(str(backup), book, replace=True)
    assert ids(book) == ["web"]
    restore(backup, path=book.parent / "another.redb")
    assert ids(book.parent / "another.redb") == ["web"]


def test_what_cannot_be_restored(book: Path) -> None:
    backup, damaged = book.parent / "backup.redb", book.parent / "damaged.redb"
    with Store.open(book) as store:
        store.backup(backup)
    before = book.read_bytes()
    with pytest.raises(NotFoundError):
        restore(book.parent / "none.redb", book, replace=True)
    with pytest.raises(AlreadyExistsError) as caught:
        restore(backup, book)
    assert caught.value.help
    with held_by_another_process(book), pytest.raises(UnavailableError):
        restore(backup, book, replace=True)
    damaged.write_bytes(b"")
    with pytest.raises(DataLossError):
        restore(damaged, book, replace=True)
    damaged.write_bytes(b"no book" * 1000)
    with pytest.raises(StowbookError):
        restore(damaged, book, replace=True)
    with pytest.raises(TypeError):
        restore(backup, book, True)  # type: ignore[call-arg]
    # The holder wrote its own pages when it closed the file: what counts is what they say.
    assert ids(book) == ["web"] and len(book.read_bytes()) == len(before)


def test_compacting_keeps_everything_and_gives_space_back(path: Path) -> None:
    with Store.open(path) as store:
        containers = store.namespace("default").containers
        big = WEB.replace(labels={f"key-{number}": "v" * 4000 for number in range(50)})
        for number in range(50):
            containers.create(big.replace(id=f"c{number}"))
        for number in range(1, 50):
            containers.delete(f"c{number}")
        before = path.stat().st_size
        store.compact()
        assert path.stat().st_size < before
        assert [container.id for container in containers] == ["c0"]
        assert store.check() == []
    Store.in_memory().compact()
    with Store.open(path, read_only=True) as store, pytest.raises(FailedPreconditionError):
        store.compact()


def test_an_export_comes_back_to_the_byte(book: Path) -> None:
    with Store.open(book) as store:
        lines = store.export()
        records = [json.loads(line) for line in lines.splitlines()]
        assert records[0]["stowbook_export"] == 1
        assert records[-1]["end"]["records"] == len(records) - 2
        assert [one["record"]["labels"] for one in records if one.get("kind") == "container"] == [{"role": "front"}]

        same = Store.in_memory()
        report = same.import_(lines, same_book=True)
        assert report.with_events and report.written_keys > 0 and report.unchanged_keys == 0
        assert same.export() == lines

        copy = Store.in_memory()
        assert copy.import_(lines.decode()) == report
        assert copy.namespace("default").containers.get("web") == store.namespace("default").containers.get("web")
        again = copy.import_(bytearray(lines))
        assert again == ImportReport(written_keys=0, unchanged_keys=again.unchanged_keys, with_events=False)
        assert again.unchanged_keys > 0


def test_what_cannot_be_imported_changes_nothing(store: Store) -> None:
    other = Store.in_memory()
    other.namespace("default").containers.create(WEB)
    lines = other.export()
    first, rest = lines.split(b"\n", 1)
    for bad in (b"", b"no export", lines[: len(lines) // 2], rest, lines.replace(b'"front"', b'"rear_"'), lines + first):
        with pytest.raises(InvalidArgumentError) as caught:
            store.import_(bad)
        assert caught.value.message
    assert store.namespaces.list() == []
    newer = json.loads(first)
    newer["format_version"] = 1_000_000
    with pytest.raises(StowbookError):
        store.import_(json.dumps(newer).encode() + b"\n" + rest)

    store.namespaces.create(Namespace("mine"))
    with pytest.raises(FailedPreconditionError):
        store.import_(lines, same_book=True)
    store.namespace("default").containers.create(WEB.replace(image="another"))
    kept = store.namespace("default").containers.list()
    with pytest.raises(AlreadyExistsError, match="web") as taken:
        store.import_(lines)
    assert taken.value.details
    assert store.namespace("default").containers.list() == kept


@pytest.mark.parametrize("wrong", [None, 5, ["{}"], object()])
def test_what_is_no_text(store: Store, wrong: Anything) -> None:
    with pytest.raises(TypeError):
        store.import_(wrong)
    with pytest.raises(InvalidArgumentError, match="lone surrogate"):
        store.import_("\ud800")
    for call in (store.backup, lambda path: restore(path, "a"), lambda path: restore("a", path)):
        with pytest.raises(TypeError):
            call(wrong)
