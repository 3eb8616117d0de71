from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stowbook import Containers, Store

HOLD = """
import sys
from stowbook import Store
with Store.open(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.in_memory() as store:
        yield store


@pytest.fixture
def containers(store: Store) -> Containers:
    return store.namespace("default").containers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.redb"


@contextmanager
def held_by_another_process(path: Path) -> Iterator[int]:
    """Has another process hold the book; gives its pid."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder.pid
    assert holder.returncode == 0


@pytest.fixture
def holder(path: Path) -> Iterator[int]:
    with held_by_another_process(path) as pid:
        yield pid
