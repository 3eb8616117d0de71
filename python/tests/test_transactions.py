from __future__ import annotations

from collections.abc import Iterator

import pytest

from stowbook import AbortedError, AlreadyExistsError, Container, FailedPreconditionError, Namespace, Store

WEB = Container("web", "runc")


def ids(store: Store) -> list[str]:
    return [container.id for container in store.namespace("default").containers]


def test_a_clean_exit_commits(store: Store) -> None:
    with store.write() as txn:
        txn.namespace("default").containers.create(WEB)
        txn.namespaces.create(Namespace("k8s.io"))
        assert txn.namespace("default").containers.get("web").id == "web"
        assert ids(store) == []
    assert ids(store) == ["web"]
    assert "k8s.io" in store.namespaces


@pytest.mark.parametrize("exception", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_an_exception_rolls_back(store: Store, exception: type[BaseException]) -> None:
    with pytest.raises(exception):
        with store.write() as txn:
            txn.namespace("default").containers.create(WEB)
            raise exception
    assert ids(store) == []


def test_a_refusal_inside_leaves_the_rest(store: Store) -> None:
    with store.write() as txn:
        containers = txn.namespace("default").containers
        containers.create(WEB)
        with pytest.raises(AlreadyExistsError):
            containers.create(WEB)
        containers.create(WEB.replace(id="db"))
    assert ids(store) == ["db", "web"]


def test_commit_and_rollback_by_hand(store: Store) -> None:
    txn = store.write()
    txn.namespace("default").containers.create(WEB)
    txn.commit()
    assert ids(store) == ["web"]
    for use in (txn.commit, lambda: txn.namespaces.list()):
        with pytest.raises(FailedPreconditionError, match="the transaction has ended"):
            use()
    txn.rollback()  # does nothing
    assert ids(store) == ["web"]

    with store.write() as txn:
        txn.namespace("default").containers.delete("web")
        txn.rollback()
    assert ids(store) == ["web"]
    with store.write() as txn:
        txn.namespace("default").containers.delete("web")
        txn.commit()
    assert ids(store) == []
    assert repr(txn) == "<ended transaction>"


def test_a_conflict_is_aborted(store: Store) -> None:
    containers = store.namespace("default").containers
    containers.create(WEB)
    with pytest.raises(AbortedError):
        with store.write() as txn:
            txn.namespace("default").containers.update(WEB.replace(image="mine"), fields=["image"])
            containers.update(WEB.replace(image="theirs"), fields=["image"])
    assert containers.get("web").image == "theirs"


def test_one_that_is_dropped_is_rolled_back(store: Store) -> None:
    store.write().namespace("default").containers.create(WEB)
    assert ids(store) == []


def test_an_abandoned_generator_rolls_back(store: Store) -> None:
    def work() -> Iterator[None]:
        with store.write() as txn:
            txn.namespace("default").containers.create(WEB)
            yield

    generator = work()
    next(generator)
    del generator
    assert ids(store) == []


def test_handles_outlive_their_transaction_but_do_nothing(store: Store) -> None:
    with store.write() as txn:
        containers = txn.namespace("default").containers
    with pytest.raises(FailedPreconditionError, match="the transaction has ended"):
        containers.create(WEB)


def test_a_store_that_is_closed_meanwhile_is_told(store: Store) -> None:
    with pytest.raises(FailedPreconditionError, match="the store is closed"):
        with store.write() as txn:
            txn.namespace("default").containers.create(WEB)
            store.close()
    with pytest.raises(ZeroDivisionError):
        with Store.in_memory() as other, other.write():
            other.close()
            raise ZeroDivisionError
