from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Union

import pytest

from stowbook import (
    AlreadyExistsError,
    Container,
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    Store,
    StowbookError,
    UnavailableError,
)

from conftest import held_by_another_process

WEB = Container("web", "runc")


def test_records_outlive_the_store(path: Path) -> None:
    with Store.open(path) as store:
        created = store.namespace("default").containers.create(WEB)
    with Store.open(path) as store:
        assert store.namespace("default").containers.get("web") == created
        with pytest.raises(AlreadyExistsError):
            store.namespace("default").containers.create(WEB)


def test_paths(path: Path) -> None:
    class PathLike:
        def __fspath__(self) -> str:
            return str(path)

    likes: list[Union[str, os.PathLike[str]]] = [path, str(path), PathLike()]
    for like in likes:
        with Store.open(like) as store:
            assert repr(store) == f"<store {str(path)!r}>"
        assert repr(store) == f"<closed store {str(path)!r}>"
    assert [file.name for file in path.parent.iterdir()] == ["book.redb"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_file_names_that_are_no_text(path: Path) -> None:
    name = os.fsdecode(os.fsencode(path) + b"\xff")
    with Store.open(name) as store:
        store.namespace("default").containers.create(WEB)
        assert name in eval(repr(store)[len("<store ") : -1])
    assert os.path.exists(name)
    with pytest.raises(InvalidArgumentError, match="lone surrogate"):
        Store.open(str(path) + "\ud800")


def test_files_that_are_no_books(path: Path) -> None:
    for content, error in [(b"", DataLossError), (b"no book" * 1000, StowbookError)]:
        path.write_bytes(content)
        with pytest.raises(error) as caught:
            Store.open(path)
        assert str(path) in str(caught.value)
        assert path.read_bytes() == content
    with pytest.raises(FailedPreconditionError, match="directory"):
        Store.open(path.parent)
    with pytest.raises(StowbookError):
        Store.open(str(path) + "\0")


def test_create_and_read_only(path: Path) -> None:
    for options in [{"create": False}, {"read_only": True}]:
        with pytest.raises(NotFoundError):
            Store.open(path, **options)
    with Store.open(path) as store:
        store.namespace("default").containers.create(WEB)
    with Store.open(path, read_only=True) as first, Store.open(path, read_only=True) as second:
        for store in (first, second):
            assert "web" in store.namespace("default").containers
        with pytest.raises(FailedPreconditionError, match="reading only"):
            first.namespace("default").containers.delete("web")


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e300])
def test_timeouts_that_are_none(path: Path, seconds: float) -> None:
    with pytest.raises(InvalidArgumentError, match="lock timeout"):
        Store.open(path, lock_timeout=seconds)
    assert not path.exists()


def test_a_held_file_names_its_holder(path: Path, holder: int) -> None:
    with pytest.raises(UnavailableError) as caught:
        Store.open(path)
    assert f"process {holder} " in str(caught.value)
    assert caught.value.help


def test_waiting_for_a_file_lets_other_threads_run(path: Path, holder: int) -> None:
    errors: list[Exception] = []

    def wait() -> None:
        try:
            Store.open(path, lock_timeout=0.5)
        except Exception as error:
            errors.append(error)

    waiting = threading.Thread(target=wait)
    started = time.monotonic()
    waiting.start()
    ticks = 0
    while waiting.is_alive():
        time.sleep(0.01)
        ticks += 1
    assert time.monotonic() - started >= 0.5
    assert ticks >= 10
    assert len(errors) == 1 and isinstance(errors[0], UnavailableError)


def test_a_file_that_is_let_go_is_opened(path: Path) -> None:
    with held_by_another_process(path):
        opened: list[Store] = []
        waiting = threading.Thread(target=lambda: opened.append(Store.open(path, lock_timeout=60)))
        waiting.start()
        time.sleep(0.2)
        assert waiting.is_alive()
    waiting.join()
    opened[0].close()


def test_waiting_can_be_interrupted(path: Path, holder: int) -> None:
    # A shell may start its background jobs with the signal ignored; then Python does not listen to it by itself.
    script = (
        "import signal, sys, stowbook; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "print('waits', flush=True); stowbook.Store.open(sys.argv[1], lock_timeout=60)"
    )
    waiting = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "waits\n"
        time.sleep(0.3)
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate(timeout=10)
    assert "KeyboardInterrupt" in errors


def test_a_closed_store_says_so(path: Path) -> None:
    store = Store.open(path)
    containers = store.namespace("default").containers
    txn = store.write()
    assert not store.closed
    store.close()
    store.close()
    assert store.closed
    for use in (
        lambda: containers.list(),
        lambda: containers.create(WEB),
        lambda: store.namespace("default").containers.get("web"),
        lambda: store.namespaces.list(),
        lambda: store.write(),
        lambda: txn.namespaces.list(),
        lambda: txn.commit(),
        lambda: store.compact(),
        lambda: store.backup(path),
        lambda: store.export(),
        lambda: store.import_(b""),
        lambda: store.__enter__(),
    ):
        with pytest.raises(FailedPreconditionError, match="the store is closed"):
            use()


def test_closing_lets_the_file_go_whatever_is_left_of_it(path: Path) -> None:
    with Store.open(path) as store:
        containers = store.namespace("default").containers
        txn = store.write()
        txn.namespace("default").containers.create(WEB)
        with store.write() as ended:
            pass
    with Store.open(path) as again:
        assert again.namespace("default").containers.list() == []
    del containers, txn, ended


def test_a_store_that_is_dropped_lets_the_file_go(path: Path) -> None:
    Store.open(path).namespace("default").containers.create(WEB)
    with Store.open(path) as store:
        assert "web" in store.namespace("default").containers
