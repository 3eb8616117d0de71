import os
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import ClassVar, final

from typing_extensions import Self

__all__ = [
    "AbortedError",
    "AlreadyExistsError",
    "Any",
    "CanceledError",
    "ConflictError",
    "Container",
    "Containers",
    "DataLossError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InNamespace",
    "InternalError",
    "InvalidArgumentError",
    "Namespace",
    "Namespaces",
    "NotFoundError",
    "NotModifiedError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "Runtime",
    "Store",
    "StowbookError",
    "Transaction",
    "UnauthenticatedError",
    "UnavailableError",
    "UnknownError",
    "UnsupportedError",
]

__version__: str

@final
class Store:
    """A book of container metadata, embedded in this process: in a file, or in memory.

    It may be used from many threads. A file that was opened has to be closed again, best by a ``with`` statement.

    >>> import tempfile
    >>> from stowbook import Container, Store
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Store.open(folder + "/book.redb") as store:
    ...         created = store.namespace("default").containers.create(Container("web", "runc"))
    ...     with Store.open(folder + "/book.redb") as store:
    ...         store.namespace("default").containers.get("web") == created
    True
    """

    @staticmethod
    def open(
        path: str | os.PathLike[str],
        *,
        create: bool = True,
        read_only: bool = False,
        lock_timeout: float = 0.0,
    ) -> Store:
        """Opens the book in this file; where there is none, makes one unless ``create`` is false.

        With ``read_only`` several processes may read the file at a time. While another process holds it, this waits up to
        ``lock_timeout`` seconds, then raises UnavailableError, which tells who holds it.

        >>> import os, tempfile
        >>> from stowbook import NotFoundError, Store
        >>> try:
        ...     Store.open(os.path.join(tempfile.gettempdir(), "no such folder", "book.redb"), create=False)
        ... except NotFoundError as error:
        ...     print(error.kind)
        not_found
        """

    @staticmethod
    def in_memory() -> Store:
        """A new book in memory. It is gone when it is closed or no longer used.

        >>> from stowbook import Store
        >>> Store.in_memory().namespaces.list()
        []
        """

    def namespace(self, name: str) -> InNamespace:
        """A namespace, to reach the records in it. It need not exist: its first record makes it.

        >>> from stowbook import Container, Store
        >>> default = Store.in_memory().namespace("default")
        >>> default.containers.create(Container("web", "runc")).id
        'web'
        """

    @property
    def namespaces(self) -> Namespaces:
        """The namespaces themselves."""

    def write(self) -> Transaction:
        """Begins a transaction: several operations that take effect together.

        ``with`` commits it at the end of the block, or rolls it back when the block is left by an exception.

        >>> from stowbook import Container, Store
        >>> store = Store.in_memory()
        >>> with store.write() as txn:
        ...     for id in "web-1", "web-2":
        ...         created = txn.namespace("default").containers.create(Container(id, "runc"))
        >>> len(store.namespace("default").containers.list())
        2
        """

    def close(self) -> None:
        """Lets the file go, when the operations that run have ended. Transactions that are not committed are rolled back. A
        second call does nothing.

        >>> from stowbook import FailedPreconditionError, Store
        >>> store = Store.in_memory()
        >>> store.close()
        >>> try:
        ...     store.namespaces.list()
        ... except FailedPreconditionError as error:
        ...     print(error)
        the store is closed: failed precondition
        """

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...

@final
class Transaction:
    """Several operations that take effect together: see ``Store.write``.

    It sees the book as it was when it began, and its own changes. It makes nobody wait; instead ``commit`` raises
    AbortedError when something that it read or changed was changed meanwhile. One that is dropped is rolled back.

    >>> from stowbook import Container, Store
    >>> store = Store.in_memory()
    >>> with store.write() as txn:
    ...     created = txn.namespace("default").containers.create(Container("web", "runc"))
    ...     print("web" in store.namespace("default").containers)
    False
    >>> "web" in store.namespace("default").containers
    True
    """

    def namespace(self, name: str) -> InNamespace:
        """A namespace, to reach the records in it.

        >>> from stowbook import Store
        >>> txn = Store.in_memory().write()
        >>> txn.namespace("default").containers.list()
        []
        """

    @property
    def namespaces(self) -> Namespaces:
        """The namespaces themselves."""

    def commit(self) -> None:
        """Makes the changes durable, all together, and ends the transaction.

        >>> from stowbook import Namespace, Store
        >>> store = Store.in_memory()
        >>> txn = store.write()
        >>> created = txn.namespaces.create(Namespace("k8s.io"))
        >>> txn.commit()
        >>> store.namespaces.list()
        [Namespace('k8s.io')]
        """

    def rollback(self) -> None:
        """Drops the changes and ends the transaction. A second call does nothing.

        >>> from stowbook import Namespace, Store
        >>> store = Store.in_memory()
        >>> with store.write() as txn:
        ...     created = txn.namespaces.create(Namespace("k8s.io"))
        ...     txn.rollback()
        >>> store.namespaces.list()
        []
        """

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        _exception: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None: ...

@final
class InNamespace:
    """A namespace of a store or of a transaction, to reach the records in it.

    >>> from stowbook import Store
    >>> Store.in_memory().namespace("default").containers.list()
    []
    """

    @property
    def name(self) -> str:
        """The namespace's name."""

    @property
    def containers(self) -> Containers:
        """The container records in it."""

@final
class Containers:
    """The container records of a namespace.

    >>> from stowbook import Container, Store
    >>> containers = Store.in_memory().namespace("default").containers
    >>> created = containers.create(Container("web", "io.containerd.runc.v2"))
    >>> [container.id for container in containers]
    ['web']
    >>> "web" in containers
    True
    """

    def get(self, id: str) -> Container:
        """The record of this id.

        >>> from stowbook import NotFoundError, Store
        >>> try:
        ...     Store.in_memory().namespace("default").containers.get("web")
        ... except NotFoundError as error:
        ...     print(error)
        container "web" in namespace "default": not found
        """

    def list(self, *filters: str) -> list[Container]:
        """The records that any of the filters selects (no filter: all), in byte order of their ids.

        A filter is containerd's: selectors joined by commas, all of which have to hold.

        >>> from stowbook import Container, Store
        >>> containers = Store.in_memory().namespace("default").containers
        >>> for id, role in [("web-1", "front"), ("web-2", "front"), ("db", "back")]:
        ...     created = containers.create(Container(id, "runc", labels={"role": role}))
        >>> [container.id for container in containers.list("labels.role==front", "id==db")]
        ['db', 'web-1', 'web-2']
        """

    def create(self, container: Container) -> Container:
        """Adds a record, and gives it as it was stored: with times, without empty labels.

        >>> from stowbook import Container, Store
        >>> containers = Store.in_memory().namespace("default").containers
        >>> containers.create(Container("web", "runc")).created_at is None
        False
        """

    def update(self, container: Container, fields: Sequence[str] = ()) -> Container:
        """Changes the fields with these paths to what ``container`` says, and gives the record back. Without paths everything
        that can change is taken over, and what cannot has to be the same.

        Paths: labels, labels.KEY, spec, extensions, extensions.KEY, image, snapshotkey.

        >>> from stowbook import Container, Store
        >>> containers = Store.in_memory().namespace("default").containers
        >>> created = containers.create(Container("web", "runc", labels={"role": "front"}))
        >>> update = Container("web", labels={"tier": "1"})
        >>> dict(containers.update(update, fields=["labels.tier"]).labels)
        {'role': 'front', 'tier': '1'}
        """

    def delete(self, id: str) -> None:
        """Removes a record.

        >>> from stowbook import Container, Store
        >>> containers = Store.in_memory().namespace("default").containers
        >>> created = containers.create(Container("web", "runc"))
        >>> containers.delete("web")
        >>> "web" in containers
        False
        """

    def __iter__(self) -> Iterator[Container]: ...
    def __contains__(self, id: str, /) -> bool: ...

@final
class Namespaces:
    """The namespaces of a store or of a transaction.

    >>> from stowbook import Namespace, Store
    >>> namespaces = Store.in_memory().namespaces
    >>> namespaces.create(Namespace("k8s.io", {"owner": "kubelet"}))
    Namespace('k8s.io', labels={'owner': 'kubelet'})
    >>> [namespace.name for namespace in namespaces]
    ['k8s.io']
    """

    def get(self, name: str) -> Namespace:
        """A namespace with its labels. Never fails for a name: one that does not exist has no labels.

        >>> from stowbook import Store
        >>> Store.in_memory().namespaces.get("nowhere")
        Namespace('nowhere')
        """

    def list(self) -> list[Namespace]:
        """All namespaces in byte order of their names, those made by a first record included.

        >>> from stowbook import Container, Store
        >>> store = Store.in_memory()
        >>> created = store.namespace("default").containers.create(Container("web", "runc"))
        >>> store.namespaces.list()
        [Namespace('default')]
        """

    def create(self, namespace: Namespace) -> Namespace:
        """Adds a namespace, and gives back what was asked for.

        >>> from stowbook import Namespace, Store
        >>> Store.in_memory().namespaces.create(Namespace("k8s.io"))
        Namespace('k8s.io')
        """

    def update(self, namespace: Namespace, fields: Sequence[str] = ()) -> None:
        """Changes the labels with these paths (``labels.KEY``) to what ``namespace`` says; without paths, all of them.

        >>> from stowbook import Namespace, Store
        >>> namespaces = Store.in_memory().namespaces
        >>> created = namespaces.create(Namespace("k8s.io", {"owner": "kubelet"}))
        >>> namespaces.update(Namespace("k8s.io", {"tier": "1"}), fields=["labels.tier"])
        >>> namespaces.get("k8s.io")
        Namespace('k8s.io', labels={'owner': 'kubelet', 'tier': '1'})
        """

    def delete(self, name: str) -> None:
        """Removes an empty namespace.

        >>> from stowbook import Namespace, Store
        >>> namespaces = Store.in_memory().namespaces
        >>> created = namespaces.create(Namespace("k8s.io"))
        >>> namespaces.delete("k8s.io")
        >>> namespaces.list()
        []
        """

    def __iter__(self) -> Iterator[Namespace]: ...
    def __contains__(self, name: str, /) -> bool: ...

@final
class Container:
    """The metadata of a container; never a process.

    A record does not change: ``replace`` makes a changed one, and a store keeps it. What a record has to be is checked by
    the store, not here.

    >>> from stowbook import Container
    >>> Container("web", "io.containerd.runc.v2", labels={"role": "front"})
    Container('web', runtime='io.containerd.runc.v2', labels={'role': 'front'})
    """

    def __new__(
        cls,
        id: str,
        runtime: str | Runtime = "",
        *,
        labels: Mapping[str, str] | None = None,
        image: str = "",
        spec: Any | None = None,
        snapshotter: str = "",
        snapshot_key: str = "",
        extensions: Mapping[str, Any] | None = None,
        sandbox_id: str = "",
    ) -> Self: ...
    @property
    def id(self) -> str:
        """The key of the record in its namespace."""

    @property
    def runtime(self) -> Runtime:
        """The runtime that is to run it."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels, in byte order of their keys; they cannot be changed in place."""

    @property
    def image(self) -> str:
        """The name of the image it was made from."""

    @property
    def spec(self) -> Any | None:
        """What the runtime is to start, usually an OCI runtime configuration: ``spec.json()``."""

    @property
    def snapshotter(self) -> str:
        """The snapshotter that holds the root file system."""

    @property
    def snapshot_key(self) -> str:
        """The key of the root file system's snapshot."""

    @property
    def extensions(self) -> Mapping[str, Any]:
        """Values that clients keep with the record, by their names; they cannot be changed in place."""

    @property
    def sandbox_id(self) -> str:
        """The sandbox that the container belongs to."""

    @property
    def created_at(self) -> datetime | None:
        """When the record was created, in UTC, cut to the microsecond; None for a record that no store has seen."""

    @property
    def created_at_ns(self) -> int | None:
        """When the record was created, in nanoseconds since 1970-01-01T00:00:00Z."""

    @property
    def updated_at(self) -> datetime | None:
        """When the record was last changed, in UTC, cut to the microsecond; None for a record that no store has seen."""

    @property
    def updated_at_ns(self) -> int | None:
        """When the record was last changed, in nanoseconds since 1970-01-01T00:00:00Z."""

    def replace(
        self,
        *,
        id: str = ...,
        runtime: str | Runtime = ...,
        labels: Mapping[str, str] | None = ...,
        image: str = ...,
        spec: Any | None = ...,
        snapshotter: str = ...,
        snapshot_key: str = ...,
        extensions: Mapping[str, Any] | None = ...,
        sandbox_id: str = ...,
    ) -> Container:
        """The same record with other values for these members, named as in ``Container(...)``.

        >>> from stowbook import Container
        >>> web = Container("web", "io.containerd.runc.v2", labels={"role": "front"})
        >>> web.replace(labels={**web.labels, "tier": "1"}).labels["tier"]
        '1'
        """

    def to_dict(self) -> dict[str, typing.Any]:
        """The record as a dict, as ``to_json`` writes it: times as RFC 3339 text, bytes as base64.

        >>> from stowbook import Container
        >>> Container("web", "runc").to_dict()["runtime"]
        {'name': 'runc'}
        """

    @classmethod
    def from_dict(cls, record: dict[str, typing.Any], /) -> Container:
        """Reads a dict such as ``to_dict`` gives; members that are missing are empty.

        >>> from stowbook import Container
        >>> Container.from_dict({"id": "web", "runtime": {"name": "runc"}})
        Container('web', runtime='runc')
        """

    def to_json(self) -> str:
        """The record as JSON on one line.

        >>> from stowbook import Container
        >>> print(Container("web", "runc", sandbox_id="pod").to_json())
        {"id":"web","image":"","runtime":{"name":"runc"},"snapshotter":"","snapshot_key":"","sandbox_id":"pod"}
        """

    @classmethod
    def from_json(cls, text: str | bytes | bytearray, /) -> Container:
        """Reads JSON such as ``to_json`` writes; members that are missing are empty.

        >>> from stowbook import Container
        >>> Container.from_json('{"id": "web"}').id
        'web'
        """

    def to_protobuf(self) -> bytes:
        r"""The message containerd.services.containers.v1.Container, with what it carried beyond the members here.

        >>> from stowbook import Container
        >>> Container("web").to_protobuf()
        b'\n\x03web'
        """

    @classmethod
    def from_protobuf(cls, message: bytes | bytearray, /) -> Container:
        r"""Reads the message containerd.services.containers.v1.Container.

        >>> from stowbook import Container
        >>> Container.from_protobuf(b"\n\x03web").id
        'web'
        """

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __reduce__(self) -> tuple[typing.Any, ...]: ...

@final
class Runtime:
    """Which runtime runs a container, and with which options.

    >>> from stowbook import Container, Runtime
    >>> Container("web", "io.containerd.runc.v2").runtime == Runtime("io.containerd.runc.v2")
    True
    """

    def __new__(cls, name: str, options: Any | None = None) -> Self: ...
    @property
    def name(self) -> str:
        """The runtime's name."""

    @property
    def options(self) -> Any | None:
        """Its options, if it has some."""

    def to_protobuf(self) -> bytes:
        r"""The message containerd.services.containers.v1.Container.Runtime.

        >>> from stowbook import Runtime
        >>> Runtime("runc").to_protobuf()
        b'\n\x04runc'
        """

    @classmethod
    def from_protobuf(cls, message: bytes | bytearray, /) -> Runtime:
        r"""Reads the message containerd.services.containers.v1.Container.Runtime.

        >>> from stowbook import Runtime
        >>> Runtime.from_protobuf(b"\n\x04runc")
        Runtime('runc')
        """

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __reduce__(self) -> tuple[typing.Any, ...]: ...

@final
class Any:
    """An opaque value with the name of its type, kept to the byte.

    >>> from stowbook import Any
    >>> spec = Any("types.containerd.io/opencontainers/runtime-spec/1/Spec", b'{"ociVersion": "1.2.1"}')
    >>> spec.json()["ociVersion"]
    '1.2.1'
    """

    def __new__(cls, type_url: str, value: bytes | bytearray) -> Self: ...
    @property
    def type_url(self) -> str:
        """The type's name. It is not validated."""

    @property
    def value(self) -> bytes:
        """The bytes: JSON for the types with a path of containerd's as their name, else protobuf."""

    def json(self) -> typing.Any:
        """What the bytes say as JSON. Bytes that are not JSON raise json.JSONDecodeError, or UnicodeDecodeError.

        >>> from stowbook import Any
        >>> Any("example", b'["a", 1]').json()
        ['a', 1]
        """

    def to_protobuf(self) -> bytes:
        r"""The message google.protobuf.Any, with what it carried beyond the two fields.

        >>> from stowbook import Any
        >>> Any("a", b"b").to_protobuf()
        b'\n\x01a\x12\x01b'
        """

    @classmethod
    def from_protobuf(cls, message: bytes | bytearray, /) -> Any:
        r"""Reads the message google.protobuf.Any.

        >>> from stowbook import Any
        >>> Any.from_protobuf(b"\n\x01a\x12\x01b") == Any("a", b"b")
        True
        """

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[typing.Any, ...]: ...

@final
class Namespace:
    """A tenant of the book: every other record lives in one.

    >>> from stowbook import Namespace
    >>> Namespace("k8s.io", {"owner": "kubelet"})
    Namespace('k8s.io', labels={'owner': 'kubelet'})
    """

    def __new__(cls, name: str, labels: Mapping[str, str] | None = None) -> Self: ...
    @property
    def name(self) -> str:
        """The key."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels, in byte order of their keys; they cannot be changed in place."""

    def to_dict(self) -> dict[str, typing.Any]:
        """The namespace as a dict, as ``to_json`` writes it.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io").to_dict()
        {'name': 'k8s.io'}
        """

    @classmethod
    def from_dict(cls, record: dict[str, typing.Any], /) -> Namespace:
        """Reads a dict such as ``to_dict`` gives.

        >>> from stowbook import Namespace
        >>> Namespace.from_dict({"name": "k8s.io"})
        Namespace('k8s.io')
        """

    def to_json(self) -> str:
        """The namespace as JSON on one line.

        >>> from stowbook import Namespace
        >>> print(Namespace("k8s.io", {"owner": "kubelet"}).to_json())
        {"name":"k8s.io","labels":{"owner":"kubelet"}}
        """

    @classmethod
    def from_json(cls, text: str | bytes | bytearray, /) -> Namespace:
        """Reads JSON such as ``to_json`` writes.

        >>> from stowbook import Namespace
        >>> Namespace.from_json('{"name": "k8s.io"}')
        Namespace('k8s.io')
        """

    def to_protobuf(self) -> bytes:
        r"""The message containerd.services.namespaces.v1.Namespace, with what it carried beyond the members here.

        >>> from stowbook import Namespace
        >>> Namespace("moby").to_protobuf()
        b'\n\x04moby'
        """

    @classmethod
    def from_protobuf(cls, message: bytes | bytearray, /) -> Namespace:
        r"""Reads the message containerd.services.namespaces.v1.Namespace.

        >>> from stowbook import Namespace
        >>> Namespace.from_protobuf(b"\n\x04moby")
        Namespace('moby')
        """

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __reduce__(self) -> tuple[typing.Any, ...]: ...

class StowbookError(Exception):
    """What every refusal of stowbook is; its children tell the kinds apart.

    ``kind`` is the kind's code, ``message`` the text, ``help`` a next step (or None), and ``details`` are facts that the
    message does not show. Help and details stand in the traceback too, since Python 3.11.

    >>> from stowbook import Store, StowbookError
    >>> try:
    ...     Store.in_memory().namespace("default").containers.get("web")
    ... except StowbookError as error:
    ...     print(error.kind, error.message, sep=": ")
    not_found: container "web" in namespace "default": not found
    """

    kind: str
    @property
    def message(self) -> str:
        """What went wrong: what ``str(error)`` gives."""

    help: str | None
    details: Mapping[str, str]

class UnknownError(StowbookError): ...
class CanceledError(StowbookError): ...
class DeadlineExceededError(StowbookError, TimeoutError): ...
class InvalidArgumentError(StowbookError, ValueError): ...
class NotFoundError(StowbookError, KeyError): ...
class AlreadyExistsError(StowbookError): ...
class PermissionDeniedError(StowbookError, PermissionError): ...
class ResourceExhaustedError(StowbookError): ...
class FailedPreconditionError(StowbookError): ...
class ConflictError(StowbookError): ...
class NotModifiedError(StowbookError): ...
class AbortedError(StowbookError): ...
class OutOfRangeError(StowbookError, IndexError): ...
class UnsupportedError(StowbookError, NotImplementedError): ...
class InternalError(StowbookError): ...
class UnavailableError(StowbookError): ...
class DataLossError(StowbookError): ...
class UnauthenticatedError(StowbookError): ...
