"""A server on a socket, with the same API as a store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stowbook import (
    Container,
    FailedPreconditionError,
    Image,
    InvalidArgumentError,
    Lease,
    LeaseResource,
    Namespace,
    NotFoundError,
    OutOfRangeError,
    Remote,
    Sandbox,
    UnavailableError,
    UnsupportedError,
    connect,
)

from test_kinds import INDEX

PROGRAM = os.environ["STOWBOOK"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, "subprocess.Popen[str]"]]:
    socket = tmp_path / "s"
    command = [PROGRAM, "serve", "--memory", "--address", f"unix://{socket}", "--log-level", "error"]
    with subprocess.Popen(command, text=True) as process:
        try:
            started = time.monotonic()
            while not socket.exists():
                assert process.poll() is None and time.monotonic() - started < 30
                time.sleep(0.02)
            yield socket, process
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.fixture
def remote(server: tuple[Path, "subprocess.Popen[str]"]) -> Iterator[Remote]:
    with connect(server[0]) as remote:
        yield remote


def test_records_of_all_kinds(remote: Remote) -> None:
    default = remote.namespace("default")
    web = default.containers.create(Container("web", "runc", labels={"role": "front"}))
    assert web.created_at is not None and default.containers.get("web") == web
    assert default.containers.list("labels.role==front") == list(default.containers) == [web]
    assert default.containers.update(web.replace(image="nginx"), ["image"]).image == "nginx"
    default.images.create(Image("nginx", INDEX), source_date_epoch=7)
    assert default.images.get("nginx").created_at_ns == 7
    default.leases.create(Lease("build"))
    default.leases.add_resource("build", LeaseResource("images", "nginx"))
    assert default.leases.resources("build") == [LeaseResource("images", "nginx")]
    assert default.sandboxes.create(Sandbox("pod", "runc")).id == "pod" and "pod" in default.sandboxes
    blob = default.with_lease("build").content.write(b"x" * 3_000_000)
    assert default.content.read(blob.digest) == b"x" * 3_000_000
    default.snapshots("native").prepare("rw")
    assert [snapshot.kind for snapshot in default.snapshots("native")] == ["active"]
    remote.namespaces.create(Namespace("k8s.io", {"a": "b"}))
    assert [namespace.name for namespace in remote.namespaces] == ["default", "k8s.io"]
    default.containers.delete("web")
    with pytest.raises(NotFoundError, match='container "web" in namespace "default": not found'):
        default.containers.get("web")


def test_a_thousand_records(remote: Remote) -> None:
    containers = remote.namespace("default").containers
    for number in range(1000):
        containers.create(Container(f"c-{number:03}", "runc"))
    assert [container.id for container in containers] == [f"c-{number:03}" for number in range(1000)]


def test_many_threads(remote: Remote) -> None:
    containers = remote.namespace("default").containers

    def write(writer: int) -> int:
        for number in range(20):
            containers.create(Container(f"c-{writer}-{number}", "runc", labels={"writer": str(writer)}))
        return len(containers.list(f"labels.writer=={writer}"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(8))) == [20] * 8


def test_events(remote: Remote) -> None:
    with remote.events.subscribe("topic~=^/containers/", timeout=30) as events:
        remote.namespaces.create(Namespace("k8s.io"))
        remote.namespace("k8s.io").containers.create(Container("web", "runc"))
        event = next(events)
        assert (event.topic, event.namespace, event.number) == ("/containers/create", "k8s.io", 2)
        assert event.payload() == {"id": "web", "runtime": {"name": "runc"}}
        cursor = events.cursor
    assert cursor is not None and cursor.endswith(":2")
    assert list(remote.events.subscribe(timeout=0.1)) == []
    remote.namespace("k8s.io").containers.delete("web")
    assert [event.number for event in remote.events.subscribe(since=cursor, timeout=0.5)] == [3]
    assert [event.number for event in remote.events.subscribe(since="oldest", timeout=0.5)] == [1, 2, 3]
    with pytest.raises(OutOfRangeError):
        remote.events.subscribe(since=9)
    for read in (remote.events.read, remote.events.bounds):
        with pytest.raises(UnsupportedError):
            read()
    with pytest.raises(Exception, match="filter"):
        remote.events.subscribe("=")


def test_closing(remote: Remote) -> None:
    containers = remote.namespace("default").containers
    assert repr(remote).startswith("<connection to ")
    remote.close()
    remote.close()
    assert remote.closed and repr(remote).startswith("<closed connection")
    for use in (containers.list, remote.namespaces.list, remote.events.subscribe, remote.__enter__):
        with pytest.raises(FailedPreconditionError, match="the connection is closed"):
            use()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
def test_a_fork_is_told_to_connect_itself(remote: Remote) -> None:
    from test_processes import in_child

    def child() -> None:
        with pytest.raises(FailedPreconditionError, match="the connection was opened by the process"):
            remote.namespaces.list()
        remote.close()

    assert in_child(child) == 0
    assert remote.namespaces.list() == []


def test_a_server_that_goes_away(server: tuple[Path, "subprocess.Popen[str]"]) -> None:
    socket, process = server
    with connect(socket) as remote:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        with pytest.raises(UnavailableError):
            remote.namespaces.list()
    with pytest.raises(UnavailableError) as caught:
        connect(socket)
    assert caught.value.details["socket"] == str(socket)


def test_an_address_leads_to_its_socket(server: tuple[Path, "subprocess.Popen[str]"]) -> None:
    for prefix in ["unix://", "unix:", ""]:
        with connect(f"{prefix}{server[0]}") as remote:
            assert list(remote.namespaces) == []
    for wrong in ["tcp://127.0.0.1:1", "unix://", ""]:
        with pytest.raises(InvalidArgumentError, match="is no path of a socket"):
            connect(wrong)


def test_what_is_no_server(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no socket")
    with pytest.raises(UnavailableError):
        connect(tmp_path / "file")
    with pytest.raises(TypeError):
        connect(None)  # type: ignore[arg-type]


def test_waiting_can_be_interrupted(server: tuple[Path, "subprocess.Popen[str]"]) -> None:
    socket, process = server
    script = (
        "import signal, stowbook, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "remote = stowbook.connect(sys.argv[1])\n"
        "print('connected', flush=True); input()\n"
        "print('waits', flush=True)\n"
        "try:\n    remote.namespaces.list()\n"
        "except KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
        "input()\n"
        "print(remote.namespaces.list())\n"
    )
    run = [sys.executable, "-c", script, str(socket)]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdin is not None and waiting.stdout is not None
        assert waiting.stdout.readline() == "connected\n"
        process.send_signal(signal.SIGSTOP)  # it answers no more
        try:
            waiting.stdin.write("\n")
            waiting.stdin.flush()
            assert waiting.stdout.readline() == "waits\n"
            time.sleep(0.2)
            waiting.send_signal(signal.SIGINT)
            assert waiting.stdout.readline() == "interrupted\n"
        finally:
            process.send_signal(signal.SIGCONT)
        # The connection is as good as before.
        assert waiting.communicate("\n", timeout=30)[0] == "[]\n"
        assert waiting.returncode == 0
