from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stowbook import AlreadyExistsError, Container, FailedPreconditionError, Store

WRITERS = 32
EACH = 8


def test_many_writers_share_a_file(path: Path) -> None:
    with Store.open(path) as store:
        together = threading.Barrier(WRITERS)

        def write(writer: int) -> int:
            containers = store.namespace("default").containers
            together.wait()
            for number in range(EACH):
                containers.create(Container(f"c-{writer}-{number}", "runc", labels={"writer": str(writer)}))
            return len(containers.list(f"labels.writer=={writer}"))

        with ThreadPoolExecutor(WRITERS) as pool:
            assert list(pool.map(write, range(WRITERS))) == [EACH] * WRITERS
    with Store.open(path, read_only=True) as store:
        assert len(store.namespace("default").containers.list()) == WRITERS * EACH


def test_one_of_many_wins(store: Store) -> None:
    together = threading.Barrier(WRITERS)

    def create(_: int) -> bool:
        together.wait()
        try:
            store.namespace("default").containers.create(Container("web", "runc"))
        except AlreadyExistsError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sum(pool.map(create, range(WRITERS))) == 1


def test_threads_that_share_a_transaction_take_turns(store: Store) -> None:
    with store.write() as txn:
        containers = txn.namespace("default").containers
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: containers.create(Container(f"c-{number}", "runc")), range(200)))
    assert len(store.namespace("default").containers.list()) == 200


@pytest.mark.parametrize("attempt", range(5))
def test_closing_under_load(path: Path, attempt: int) -> None:
    """An operation is made, or told that the store is closed; and afterwards the file is free."""
    store = Store.open(path)
    together = threading.Barrier(9)

    def write(writer: int) -> int:
        together.wait()
        for number in range(1000):
            try:
                with store.write() as txn:
                    txn.namespace(f"n{writer}").containers.create(Container(f"c-{number}", "runc"))
            except FailedPreconditionError as error:
                assert "the store is closed" in str(error)
                return number
        return 1000

    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(write, writer) for writer in range(8)]
        together.wait()
        threading.Event().wait(0.05 + attempt * 0.02)
        store.close()
        with Store.open(path) as again:
            found = [len(again.namespace(f"n{writer}").containers.list()) for writer in range(8)]
        assert found == [result.result() for result in results]
