"""Forks, the end of the interpreter, and memory."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from stowbook import Container, FailedPreconditionError, InvalidArgumentError, NotFoundError, Store, validate

WEB = Container("web", "runc")
FILES = Path(__file__).parents[2] / "tests" / "metadb"

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")


def in_child(work: Callable[[], None]) -> int:
    """Runs this in a fork; gives its exit status."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@forks
@pytest.mark.parametrize("in_memory", [True, False])
def test_a_fork_is_told_to_open_the_store_itself(path: Path, in_memory: bool) -> None:
    store = Store.in_memory() if in_memory else Store.open(path)
    with store:
        containers = store.namespace("default").containers
        containers.create(WEB)
        txn = store.write()
        events = store.events.subscribe(timeout=0)

        def child() -> None:
            for use in (containers.list, store.write, txn.commit, store.events.read, lambda: next(events)):
                with pytest.raises(FailedPreconditionError, match="forked from") as caught:
                    use()
                assert caught.value.help and caught.value.details["opened_by"] == str(os.getppid())
            assert store.closed
            store.close()
            with Store.in_memory() as own:
                own.namespace("default").containers.create(WEB)

        assert in_child(child) == 0
        txn.namespace("default").containers.create(WEB.replace(id="db"))
        txn.commit()
        assert next(events).topic == "/containers/create"
        assert [container.id for container in containers] == ["db", "web"]


@forks
def test_a_fork_that_ends_leaves_the_file_and_its_lock_alone(path: Path) -> None:
    """Destructors run in the child when it drops what it inherited."""
    store = Store.open(path)
    store.namespace("default").containers.create(WEB)

    def child() -> None:
        nonlocal store
        del store
        gc.collect()
        # The parent still holds it.
        with pytest.raises(Exception, match="is held|in use|held by"):
            Store.open(path)

    assert in_child(child) == 0
    for number in range(50):
        store.namespace("default").containers.create(WEB.replace(id=f"c-{number}"))
    store.close()
    with Store.open(path) as again:
        assert again.check() == []
        assert len(again.namespace("default").containers.list()) == 51


@forks
def test_a_fork_of_a_program_with_an_open_store_ends_well(path: Path) -> None:
    script = (
        "import multiprocessing, sys, stowbook\n"
        "store = stowbook.Store.open(sys.argv[1])\n"
        "def work(number):\n"
        "    try:\n"
        "        store.namespaces.list()\n"
        "    except stowbook.FailedPreconditionError:\n"
        "        return number\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "        assert pool.map(work, range(4)) == [0, 1, 2, 3]\n"
        "    store.namespaces.create(stowbook.Namespace('k8s.io'))\n"
    )
    run(script, path)
    with Store.open(path) as store:
        assert store.check() == [] and len(store.namespaces.list()) == 1


def run(script: str, path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    "ending",
    [
        "",
        "sys.exit()",
        "txn = store.write(); txn.namespace('n').containers.create(stowbook.Container('lost', 'runc'))",
        "threading.Thread(target=lambda: next(store.events.subscribe()), daemon=True).start()",
        "threading.Thread(target=store.close).start()",
        "import atexit; atexit.register(store.close)",
        "cycle = [store]; cycle.append(cycle); del store",
    ],
)
def test_the_interpreter_ends_with_an_open_store(path: Path, ending: str) -> None:
    script = (
        "import sys, threading, stowbook\n"
        "store = stowbook.Store.open(sys.argv[1])\n"
        "store.namespace('n').containers.create(stowbook.Container('kept', 'runc'))\n" + ending
    )
    run(script, path)
    with Store.open(path) as store:
        assert store.check() == []
        assert [container.id for container in store.namespace("n").containers] == ["kept"]


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_flat() -> None:
    """10,000 operations, or STOWBOOK_LEAK_OPERATIONS, in rounds of ten."""
    rounds = int(os.environ.get("STOWBOOK_LEAK_OPERATIONS", "10000")) // 10
    config = (FILES.parent / "checker" / "runtime" / "runc-spec-1.1.5.json").read_text()
    store = Store.in_memory()
    containers = store.namespace("default").containers
    record = WEB.replace(labels={"role": "x" * 500}, image="y" * 500)
    containers.create(record)

    def work(times: int) -> None:
        for number in range(times):
            containers.get("web").to_dict()
            containers.update(record, ["labels"])
            record.replace(image="z" * 500)
            Container.from_protobuf(record.to_protobuf())
            list(containers)
            for refusal, error in [(containers.get, NotFoundError), (Container.from_json, InvalidArgumentError)]:
                with pytest.raises(error):
                    refusal("\0")
            with store.write() as txn:
                txn.namespace("default").containers.get("web")
            if number % 100 == 0:
                validate(config, advice=True)
                store.events.read(since="now")
                next(store.events.subscribe(since=store.events.bounds().last - 1, timeout=0))

    work(500)  # until all caches are full
    gc.collect()
    before = resident_bytes()
    work(rounds)
    gc.collect()
    grown = resident_bytes() - before
    # What the event log of the book in memory holds, and no more: it is cut at 65,536 events.
    logged = min(rounds, 65_536) * 2_000
    assert grown < logged + 2 * 2**20, f"{grown / 2**20:.1f} MiB more after {rounds:,} rounds"
