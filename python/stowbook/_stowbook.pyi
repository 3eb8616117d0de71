import os
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import AnyStr, ClassVar, Literal, final

from typing_extensions import Self

from ._values import (
    BookFinding,
    Collected,
    EventBounds,
    EventPage,
    Fixed,
    ImportReport,
    Kind,
    MetaDbFinding,
    MetaDbImportReport,
    MetaDbInfo,
    Owned,
    Report,
    Rule,
    Salvage,
    Severity,
)

__all__ = [
    "AbortedError",
    "AlreadyExistsError",
    "Any",
    "Blob",
    "CanceledError",
    "ConflictError",
    "Container",
    "Containers",
    "Content",
    "DataLossError",
    "DeadlineExceededError",
    "Descriptor",
    "Event",
    "Events",
    "FailedPreconditionError",
    "Image",
    "Images",
    "InNamespace",
    "InternalError",
    "InvalidArgumentError",
    "Lease",
    "LeaseResource",
    "Leases",
    "MetaDb",
    "Namespace",
    "Namespaces",
    "NotFoundError",
    "NotModifiedError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "Remote",
    "ResourceExhaustedError",
    "Runtime",
    "Sandbox",
    "Sandboxes",
    "Snapshot",
    "Snapshots",
    "Store",
    "StowbookError",
    "Subscription",
    "Transaction",
    "UnauthenticatedError",
    "UnavailableError",
    "UnknownError",
    "UnsupportedError",
    "connect",
    "detect",
    "explain",
    "fix",
    "restore",
    "validate",
]

__version__: str

_Bytes: typing.TypeAlias = bytes | bytearray
_Path: typing.TypeAlias = str | os.PathLike[str]
_Platform: typing.TypeAlias = Literal["linux", "windows", "solaris", "freebsd", "zos", "vm"]
_Profile: typing.TypeAlias = Literal["any", "runc-1.1", "runc-1.3", "crun-1.8", "crun-head", "youki", "runtime-spec"]

def connect(socket: _Path) -> Remote:
    """Connects to the unix socket of a stowbook's or a containerd's server: a path, or an address such as
    ``"unix:///run/containerd/containerd.sock"``. A connection that is lost later is made again by the next operation.

    >>> from stowbook import UnavailableError, connect
    >>> try:
    ...     with connect("/nowhere/containerd.sock") as remote:
    ...         containers = remote.namespace("k8s.io").containers.list()
    ... except UnavailableError as error:
    ...     print(error.message)
    cannot reach the server: No such file or directory (os error 2): unavailable
    """

def validate(
    text: str | _Bytes,
    *,
    kind: Kind | Literal["auto"] = "auto",
    platform: _Platform | None = None,
    profile: _Profile = "any",
    rootless: bool = False,
    cgroup: Literal["unknown", "v1", "v2"] = "unknown",
    systemd_cgroup: bool = False,
    phase: Literal["start", "create"] = "start",
    advice: bool = False,
    min_severity: Severity = "advice",
    ignore: Sequence[str] = (),
    max_findings: int = 1000,
    strict: bool = False,
    show_secrets: bool = False,
) -> Report:
    """Checks a text, and gives a report of everything that is wrong, with codes, places, reasons and fixes. It raises nothing
    for what is in the text, whatever that is.

    ``kind`` says what the text is to be; ``"auto"`` finds out. ``platform``, ``profile`` (a runtime), ``rootless``,
    ``cgroup``, ``systemd_cgroup`` and ``phase`` say where a runtime config is to be used. ``advice`` asks for advice on
    secure configuration too, ``ignore`` are codes, or beginnings of codes, each with ``@POINTER`` if it is for some places
    only, and ``strict`` makes unknown members errors. What looks like a secret is in the report with ``show_secrets`` only.

    >>> from stowbook import validate
    >>> report = validate('{"ociVersion": "1.2"}', kind="runtime-config")
    >>> version = next(one for one in report.diagnostics if one.pointer == "/ociVersion")
    >>> report.verdict, version.code, version.span.line, version.span.column
    ('invalid', 'OCI-RT-0102', 1, 16)
    """

def fix(
    text: AnyStr,
    *,
    kind: Kind | Literal["auto"] = "auto",
    platform: _Platform | None = None,
    profile: _Profile = "any",
    rootless: bool = False,
    cgroup: Literal["unknown", "v1", "v2"] = "unknown",
    systemd_cgroup: bool = False,
    phase: Literal["start", "create"] = "start",
    advice: bool = False,
    min_severity: Severity = "advice",
    ignore: Sequence[str] = (),
    max_findings: int = 1000,
    strict: bool = False,
    show_secrets: bool = False,
) -> Fixed[AnyStr]:
    """Puts right in a text what can only be meant one way, and changes nothing else. The options are those of ``validate``;
    text gives text, bytes give bytes.

    >>> from stowbook import fix
    >>> fixed = fix('{"imageLayoutVersion": "1.0.0",}')
    >>> fixed.text, len(fixed.codes)
    ('{"imageLayoutVersion": "1.0.0"}', 1)
    """

def detect(text: str | _Bytes) -> Kind | None:
    """Which sort of document a text is, from its media type or its members; None if that cannot be told.

    >>> from stowbook import detect
    >>> detect('{"imageLayoutVersion": "1.0.0"}')
    'image-layout'
    """

def explain(code: str) -> Rule:
    """The rule behind a code.

    >>> from stowbook import explain
    >>> explain("OCI-RT-0415").severity
    'error'
    """

def restore(backup: _Path, path: _Path, *, replace: bool = False) -> None:
    """Puts the book in the file ``backup`` at ``path``, after checking every value of it; over a book that is there only with
    ``replace``.

    Raises NotFoundError when there is no backup; AlreadyExistsError when there is a file and it is not to be replaced;
    UnavailableError when a process holds it; DataLossError when the backup is damaged. Nothing was changed then.

    >>> import os, tempfile
    >>> from stowbook import Namespace, Store, restore
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book, backup = os.path.join(folder, "book.redb"), os.path.join(folder, "backup.redb")
    ...     with Store.open(book) as store:
    ...         store.backup(backup)
    ...         created = store.namespaces.create(Namespace("k8s.io"))
    ...     restore(backup, book, replace=True)
    ...     with Store.open(book) as store:
    ...         store.namespaces.list()
    []
    """

@final
class Store:
    """A book of container metadata, embedded in this process: in a file, or in memory.

    It may be used from many threads, but not in a process that is forked from this one, which has to open the file itself.
    A file that was opened has to be closed again, best by a ``with`` statement.

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
        path: _Path,
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
    @property
    def events(self) -> Events:
        """What happened: every change, numbered. To read, to follow, and to publish to."""
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
    def collect(self, *, dry_run: bool = False, rules: Literal["1.6", "2.3"] = "2.3") -> Collected:
        """Removes leases and images that have expired, and content, snapshots and ingests that nothing holds; tells what, and
        why the rest is kept. With ``dry_run`` it only tells. The rules are those of containerd ``"2.3"`` or ``"1.6"``.

        >>> from stowbook import Lease, Store
        >>> store = Store.in_memory()
        >>> old = Lease("old", {"containerd.io/gc.expire": "2001-01-01T00:00:00Z"})
        >>> created = store.namespace("default").leases.create(old)
        >>> [default] = store.collect(dry_run=True).namespaces
        >>> default.removed
        (Resource(kind='lease', id='old'),)
        """
    def import_metadb(
        self,
        metadb: MetaDb,
        *,
        namespaces: Sequence[str] = (),
        dry_run: bool = False,
        keep_existing: bool = False,
    ) -> MetaDbImportReport:
        """Takes the records of a database of containerd over: all of them, or nothing, with their times as they are. The bytes of
        content and snapshots are not in a database. ``namespaces`` names those that are wanted (none: all). With ``dry_run``
        it only tells. What the book has already with another content is a conflict, or stays with ``keep_existing``.

        >>> from stowbook import FailedPreconditionError, MetaDb, Store
        >>> try:
        ...     Store.in_memory().import_metadb(MetaDb.from_bytes(b"no database" * 1000))
        ... except FailedPreconditionError as error:
        ...     print(error.kind)
        failed_precondition
        """
    def owners(self, id: str) -> list[Owned]:
        """What is called ``id`` (a digest, an image, a snapshot's key, a container …), with all that refers to it. Empty when
        nothing is called so, and nothing refers to it.

        >>> from stowbook import Container, Store
        >>> store = Store.in_memory()
        >>> web = Container("web", "runc", snapshotter="overlayfs", snapshot_key="web-rootfs")
        >>> created = store.namespace("default").containers.create(web)
        >>> [[str(owner.resource) for owner in owned.owners] for owned in store.owners("web-rootfs")]
        [['container web']]
        """
    def check(self) -> list[BookFinding]:
        """Looks at every page and every value, and tells what is wrong.

        >>> from stowbook import Store
        >>> Store.in_memory().check()
        []
        """
    def compact(self) -> None:
        """Gives unused space of the file back to the system. Raises FailedPreconditionError while the book is being read.

        >>> import os, tempfile
        >>> from stowbook import Store
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with Store.open(os.path.join(folder, "book.redb")) as store:
        ...         store.compact()
        ...         store.check()
        []
        """
    def backup(self, path: _Path) -> None:
        """Copies the book as it is now into a new file, checking every value on the way. Others may write meanwhile. The bytes of
        content are not in the book: copy their directory after it. Raises AlreadyExistsError when there is a file, and
        DataLossError when a value is damaged. ``restore`` puts the copy back.

        >>> import os, tempfile
        >>> from stowbook import Namespace, Store
        >>> store = Store.in_memory()
        >>> created = store.namespaces.create(Namespace("k8s.io"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     copy = os.path.join(folder, "copy.redb")
        ...     store.backup(copy)
        ...     with Store.open(copy, read_only=True) as again:
        ...         print(again.namespaces.list())
        [Namespace('k8s.io')]
        """
    def export(self) -> bytes:
        """The whole book as it is now, as lines of JSON, as ``stowbook export`` writes them: for reading, for keeping, for
        ``import_``. They are held in memory; for a book that is too large for that there is ``backup``. Raises DataLossError
        when a value is damaged.

        >>> import json
        >>> from stowbook import Container, Store
        >>> store = Store.in_memory()
        >>> created = store.namespace("default").containers.create(Container("web", "runc"))
        >>> lines = [json.loads(line) for line in store.export().splitlines()]
        >>> [line["record"]["runtime"] for line in lines if line.get("kind") == "container"]
        [{'name': 'runc'}]
        """
    def import_(self, lines: str | _Bytes, *, same_book: bool = False) -> ImportReport:
        """Adds what ``export`` gave, all together or nothing. Into an empty book goes everything, the event log included, and with
        ``same_book`` the book's id too, so that cursors of the exported one go on to count; into any other book the records
        that it does not have.

        Raises InvalidArgumentError, with the line, for what is no export, or not whole; AlreadyExistsError for a record with
        another content; FailedPreconditionError for ``same_book`` with a book that is not empty, or a newer file format.
        Nothing was changed then.

        >>> from stowbook import Container, Store
        >>> store, copy = Store.in_memory(), Store.in_memory()
        >>> created = store.namespace("default").containers.create(Container("web", "runc"))
        >>> copy.import_(store.export()).with_events
        True
        >>> copy.namespace("default").containers.get("web") == created
        True
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
class Remote:
    """A server on a unix socket, a stowbook's or a containerd's, with the same records as a store: see ``connect``.

    It may be used from many threads. It has no transactions.

    >>> from stowbook import UnavailableError, connect
    >>> try:
    ...     connect("/nowhere/containerd.sock")
    ... except UnavailableError as error:
    ...     print(error.kind)
    unavailable
    """

    def namespace(self, name: str) -> InNamespace:
        """A namespace, to reach the records in it.

        >>> import stowbook
        >>> def web(socket):
        ...     with stowbook.connect(socket) as remote:
        ...         return remote.namespace("k8s.io").containers.get("web")
        """
    @property
    def namespaces(self) -> Namespaces:
        """The namespaces themselves."""
    @property
    def events(self) -> Events:
        """The events to come, and where to publish."""
    def close(self) -> None:
        """Ends the connection, when the operations that run have ended. A second call does nothing.

        >>> import stowbook
        >>> def names(socket):
        ...     remote = stowbook.connect(socket)
        ...     try:
        ...         return [namespace.name for namespace in remote.namespaces]
        ...     finally:
        ...         remote.close()
        """
    @property
    def closed(self) -> bool:
        """Whether it was closed."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...

@final
class MetaDb:
    """containerd's own database, ``meta.db``, for reading: of a daemon that runs or of one that is gone, without asking the
    daemon and without a lock.

    Its records are reached as those of a store. What would change them raises FailedPreconditionError.

    >>> from stowbook import FailedPreconditionError, MetaDb
    >>> try:
    ...     with MetaDb.from_bytes(b"no database" * 1000) as metadb:
    ...         print(metadb.namespace("k8s.io").containers.list("labels.role==web"))
    ... except FailedPreconditionError as error:
    ...     print(error.message)
    the file is not a bbolt database: failed precondition
    """

    @staticmethod
    def open(path: _Path) -> MetaDb:
        """Opens a file. The daemon that it belongs to may run.

        >>> from stowbook import MetaDb, NotFoundError
        >>> try:
        ...     MetaDb.open("/nowhere/meta.db")
        ... except NotFoundError as error:
        ...     print(error.kind)
        not_found
        """
    @staticmethod
    def from_bytes(data: _Bytes) -> MetaDb:
        """Reads the bytes of a file.

        >>> from stowbook import FailedPreconditionError, MetaDb
        >>> try:
        ...     MetaDb.from_bytes(b"")
        ... except FailedPreconditionError as error:
        ...     print(error.kind)
        failed_precondition
        """
    @staticmethod
    def check(source: _Path | _Bytes) -> list[MetaDbFinding]:
        """Looks at every page, every record and every reference of a file, given by its path or its bytes, and tells what is
        wrong. Works on files that cannot be opened, too.

        >>> from stowbook import FailedPreconditionError, MetaDb
        >>> try:
        ...     MetaDb.check(b"no database" * 1000)
        ... except FailedPreconditionError as error:
        ...     print(error.kind)
        failed_precondition
        """
    @staticmethod
    def salvage(source: _Path | _Bytes) -> Salvage:
        """Reads everything that can still be read of a damaged file, given by its path or its bytes, and tells what was lost or
        is doubtful.

        >>> from stowbook import MetaDb
        >>> saved = MetaDb.salvage(b"no database" * 1000)
        >>> saved.namespaces, saved.findings[0].severity
        ({}, 'damage')
        """
    def namespace(self, name: str) -> InNamespace:
        """A namespace, to reach the records in it.

        >>> from stowbook import MetaDb
        >>> def web(path):
        ...     with MetaDb.open(path) as metadb:
        ...         return metadb.namespace("k8s.io").containers.get("web")
        """
    @property
    def namespaces(self) -> Namespaces:
        """The namespaces themselves."""
    def info(self) -> MetaDbInfo:
        """What the database says about itself: the size of its pages in bytes, the number of its last transaction, and the
        version of the records' layout.

        >>> from stowbook import MetaDb
        >>> def version(path):
        ...     with MetaDb.open(path) as metadb:
        ...         return metadb.info().version
        """
    def snapshotters(self, namespace: str) -> list[str]:
        """The names of the snapshotters that have snapshots in a namespace.

        >>> from stowbook import MetaDb
        >>> def snapshots(path):
        ...     with MetaDb.open(path) as metadb:
        ...         default = metadb.namespace("default")
        ...         return {name: default.snapshots(name).list() for name in metadb.snapshotters("default")}
        """
    def owners(self, id: str) -> list[Owned]:
        """What is called ``id`` (a digest, an image, a snapshot's key, a container …), with all that refers to it.

        >>> from stowbook import MetaDb
        >>> def who_has(path, snapshot):
        ...     with MetaDb.open(path) as metadb:
        ...         return [owner.resource for owned in metadb.owners(snapshot) for owner in owned.owners]
        """
    def dump(self) -> dict[str, typing.Any]:
        """Every record, exactly: a dict for each namespace, with ``labels``, ``containers``, ``images``, ``leases``,
        ``sandboxes``, ``content`` and ``snapshots``. Opaque values are in base64, times are RFC 3339 text.

        >>> from stowbook import MetaDb
        >>> def images(path):
        ...     with MetaDb.open(path) as metadb:
        ...         return [image["name"] for image in metadb.dump()["default"]["images"]]
        """
    def close(self) -> None:
        """Lets the file go. A second call does nothing.

        >>> from stowbook import MetaDb
        >>> def names(path):
        ...     metadb = MetaDb.open(path)
        ...     try:
        ...         return [namespace.name for namespace in metadb.namespaces]
        ...     finally:
        ...         metadb.close()
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
    @property
    def events(self) -> Events:
        """The event log, to publish to."""
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
    """A namespace of a store, a transaction, a server or a database of containerd, to reach the records in it.

    >>> from stowbook import Store
    >>> Store.in_memory().namespace("default").containers.list()
    []
    """

    @property
    def name(self) -> str:
        """The namespace's name."""
    @property
    def lease(self) -> str | None:
        """The lease that holds what is made here: content, snapshots, and images that would expire."""
    def with_lease(self, id: str) -> InNamespace:
        """The same namespace, its operations on behalf of a lease.

        >>> from stowbook import Lease, Store
        >>> default = Store.in_memory().namespace("default")
        >>> build = default.leases.create(Lease("build"))
        >>> blob = default.with_lease("build").content.write(b"hello")
        >>> [resource.kind for resource in default.leases.resources("build")]
        ['content']
        """
    @property
    def containers(self) -> Containers:
        """The container records in it."""
    @property
    def images(self) -> Images:
        """The image records in it."""
    @property
    def leases(self) -> Leases:
        """The leases in it."""
    @property
    def sandboxes(self) -> Sandboxes:
        """The sandbox records in it."""
    @property
    def content(self) -> Content:
        """The content in it."""
    def snapshots(self, snapshotter: str) -> Snapshots:
        """The snapshots of this snapshotter in it.

        >>> from stowbook import Store
        >>> Store.in_memory().namespace("default").snapshots("overlayfs").list()
        []
        """

@final
class Containers:
    """The container records of a namespace.

    Iteration reads some records at a time, as they are then: it needs little memory however many there are, and records may
    be changed meanwhile. ``list`` shows one state.

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

        >>> from stowbook import Container, Store
        >>> containers = Store.in_memory().namespace("default").containers
        >>> created = containers.create(Container("web", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> containers.get("web") == created
        True
        """
    def list(self, *filters: str) -> list[Container]:
        """The records that any of the filters selects (no filter: all), in byte order of their keys.

        A filter is containerd's: selectors joined by commas, all of which have to hold.

        >>> from stowbook import Container, Store
        >>> containers = Store.in_memory().namespace("default").containers
        >>> created = containers.create(Container("web", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> containers.list("labels.role==front", 'id=="other"') == [created]
        True
        """
    def create(self, container: Container) -> Container:
        """Adds a record, and gives it as it was stored: with times, without empty labels.

        >>> from stowbook import Container, Store
        >>> containers = Store.in_memory().namespace("default").containers
        >>> created = containers.create(Container("web", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> created.created_at is None
        False
        """
    def update(self, container: Container, fields: Sequence[str] = ()) -> Container:
        """Changes the fields with these paths to what the record says, and gives it back as it is then. Without
        paths everything that can change is taken over, and what cannot has to be the same.

        Paths: labels, labels.KEY, spec, extensions, extensions.KEY, image, snapshotkey.

        >>> from stowbook import Container, Store
        >>> containers = Store.in_memory().namespace("default").containers
        >>> created = containers.create(Container("web", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> update = created.replace(labels={"tier": "1"})
        >>> dict(containers.update(update, fields=["labels.tier"]).labels)
        {'role': 'front', 'tier': '1'}
        """
    def delete(self, id: str) -> None:
        """Removes a record.

        >>> from stowbook import Container, Store
        >>> containers = Store.in_memory().namespace("default").containers
        >>> created = containers.create(Container("web", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> containers.delete("web")
        >>> containers.list()
        []
        """
    def __iter__(self) -> Iterator[Container]: ...
    def __contains__(self, id: str, /) -> bool: ...

@final
class Images:
    """The image records of a namespace: names for content.

    >>> from stowbook import Descriptor, Image, Store
    >>> images = Store.in_memory().namespace("default").images
    >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
    >>> created = images.create(Image("docker.io/library/nginx:1.27", index))
    >>> [image.name for image in images]
    ['docker.io/library/nginx:1.27']
    """

    def get(self, name: str) -> Image:
        """The record of this name.

        >>> from stowbook import Descriptor, Image, Store
        >>> images = Store.in_memory().namespace("default").images
        >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
        >>> created = images.create(Image("nginx", index, labels={"role": "front"}))
        >>> images.get("nginx") == created
        True
        """
    def list(self, *filters: str) -> list[Image]:
        """The records that any of the filters selects (no filter: all), in byte order of their keys.

        A filter is containerd's: selectors joined by commas, all of which have to hold.

        >>> from stowbook import Descriptor, Image, Store
        >>> images = Store.in_memory().namespace("default").images
        >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
        >>> created = images.create(Image("nginx", index, labels={"role": "front"}))
        >>> images.list("labels.role==front", 'name=="other"') == [created]
        True
        """
    def create(self, image: Image, *, source_date_epoch: datetime | int | None = None) -> Image:
        """Adds a record, and gives it as it was stored: with times, without empty labels. With a source date epoch, a datetime
        or nanoseconds since 1970, both times are that.

        >>> from datetime import datetime, timezone
        >>> from stowbook import Descriptor, Image, Store
        >>> images = Store.in_memory().namespace("default").images
        >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
        >>> epoch = datetime(2020, 2, 2, tzinfo=timezone.utc)
        >>> images.create(Image("nginx", index), source_date_epoch=epoch).created_at == epoch
        True
        """
    def update(
        self, image: Image, fields: Sequence[str] = (), *, source_date_epoch: datetime | int | None = None
    ) -> Image:
        """Changes the fields with these paths to what the record says, and gives it back as it is then. Without paths labels and
        target are taken over.

        Paths: labels, labels.KEY, annotations, annotations.KEY, target.

        >>> from stowbook import Descriptor, Image, Store
        >>> images = Store.in_memory().namespace("default").images
        >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
        >>> created = images.create(Image("nginx", index))
        >>> update = created.replace(labels={"tier": "1"})
        >>> dict(images.update(update, fields=["labels.tier"]).labels)
        {'tier': '1'}
        """
    def delete(self, name: str, *, target: Descriptor | None = None, sync: bool = False) -> None:
        """Removes a record; with ``target`` only if it has this target. What nothing holds any more is collected later, with
        ``sync`` before this returns.

        >>> from stowbook import Descriptor, Image, Store
        >>> images = Store.in_memory().namespace("default").images
        >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
        >>> created = images.create(Image("nginx", index))
        >>> images.delete("nginx", sync=True)
        >>> images.list()
        []
        """
    def __iter__(self) -> Iterator[Image]: ...
    def __contains__(self, name: str, /) -> bool: ...

@final
class Leases:
    """The leases of a namespace, and what they hold.

    >>> from stowbook import Lease, LeaseResource, Store
    >>> leases = Store.in_memory().namespace("default").leases
    >>> build = leases.create(Lease("build"))
    >>> leases.add_resource("build", LeaseResource("images", "nginx"))
    >>> leases.resources("build")
    [LeaseResource('images', 'nginx')]
    """

    def list(self, *filters: str) -> list[Lease]:
        """The records that any of the filters selects (no filter: all), in byte order of their keys.

        A filter is containerd's: selectors joined by commas, all of which have to hold.

        >>> from stowbook import Lease, Store
        >>> leases = Store.in_memory().namespace("default").leases
        >>> created = leases.create(Lease("build", labels={"role": "front"}))
        >>> leases.list("labels.role==front", 'id=="other"') == [created]
        True
        """
    def create(self, lease: Lease) -> Lease:
        """Adds a lease, and gives it as it was stored. Without an id it gets one that no other has.

        >>> from stowbook import Lease, Store
        >>> leases = Store.in_memory().namespace("default").leases
        >>> leases.create(Lease("build")).id, leases.create(Lease()).id == ""
        ('build', False)
        """
    def delete(self, id: str, *, sync: bool = False) -> None:
        """Removes a lease. What nothing holds any more is collected later, with ``sync`` before this returns.

        >>> from stowbook import Lease, Store
        >>> leases = Store.in_memory().namespace("default").leases
        >>> build = leases.create(Lease("build"))
        >>> leases.delete("build", sync=True)
        >>> leases.list()
        []
        """
    # `list` is the method here.
    def resources(self, id: str) -> typing.List[LeaseResource]:
        """What the lease of this id holds.

        >>> from stowbook import Lease, Store
        >>> leases = Store.in_memory().namespace("default").leases
        >>> build = leases.create(Lease("build"))
        >>> leases.resources("build")
        []
        """
    def add_resource(self, id: str, resource: LeaseResource) -> None:
        """Has the lease of this id hold a resource. A second time changes nothing.

        >>> from stowbook import Lease, LeaseResource, Store
        >>> leases = Store.in_memory().namespace("default").leases
        >>> build = leases.create(Lease("build"))
        >>> leases.add_resource("build", LeaseResource("snapshots/overlayfs", "web-rootfs"))
        >>> leases.resources("build")
        [LeaseResource('snapshots/overlayfs', 'web-rootfs')]
        """
    def delete_resource(self, id: str, resource: LeaseResource) -> None:
        """Has the lease of this id hold a resource no more. It is no error when it did not.

        >>> from stowbook import Lease, LeaseResource, Store
        >>> leases = Store.in_memory().namespace("default").leases
        >>> build = leases.create(Lease("build"))
        >>> leases.add_resource("build", LeaseResource("images", "nginx"))
        >>> leases.delete_resource("build", LeaseResource("images", "nginx"))
        >>> leases.resources("build")
        []
        """
    def __iter__(self) -> Iterator[Lease]: ...

@final
class Sandboxes:
    """The sandbox records of a namespace.

    >>> from stowbook import Sandbox, Store
    >>> sandboxes = Store.in_memory().namespace("k8s.io").sandboxes
    >>> created = sandboxes.create(Sandbox("pod", "io.containerd.runc.v2"))
    >>> [sandbox.id for sandbox in sandboxes]
    ['pod']
    """

    def get(self, id: str) -> Sandbox:
        """The record of this id.

        >>> from stowbook import Sandbox, Store
        >>> sandboxes = Store.in_memory().namespace("k8s.io").sandboxes
        >>> created = sandboxes.create(Sandbox("pod", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> sandboxes.get("pod") == created
        True
        """
    def list(self, *filters: str) -> list[Sandbox]:
        """The records that any of the filters selects (no filter: all), in byte order of their keys.

        A filter is containerd's: selectors joined by commas, all of which have to hold.

        >>> from stowbook import Sandbox, Store
        >>> sandboxes = Store.in_memory().namespace("k8s.io").sandboxes
        >>> created = sandboxes.create(Sandbox("pod", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> sandboxes.list("labels.role==front", 'id=="other"') == [created]
        True
        """
    def create(self, sandbox: Sandbox) -> Sandbox:
        """Adds a record, and gives it as it was stored: with times, without empty labels.

        >>> from stowbook import Sandbox, Store
        >>> sandboxes = Store.in_memory().namespace("k8s.io").sandboxes
        >>> created = sandboxes.create(Sandbox("pod", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> created.created_at is None
        False
        """
    def update(self, sandbox: Sandbox, fields: Sequence[str] = ()) -> Sandbox:
        """Changes the fields with these paths to what the record says, and gives it back as it is then. Without
        paths everything that can change is taken over, and what cannot has to be the same.

        Paths: labels, labels.KEY, extensions, extensions.KEY, spec, runtime.

        >>> from stowbook import Sandbox, Store
        >>> sandboxes = Store.in_memory().namespace("k8s.io").sandboxes
        >>> created = sandboxes.create(Sandbox("pod", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> update = created.replace(labels={"tier": "1"})
        >>> dict(sandboxes.update(update, fields=["labels.tier"]).labels)
        {'role': 'front', 'tier': '1'}
        """
    def delete(self, id: str) -> None:
        """Removes a record.

        >>> from stowbook import Sandbox, Store
        >>> sandboxes = Store.in_memory().namespace("k8s.io").sandboxes
        >>> created = sandboxes.create(Sandbox("pod", "io.containerd.runc.v2", labels={"role": "front"}))
        >>> sandboxes.delete("pod")
        >>> sandboxes.list()
        []
        """
    def __iter__(self) -> Iterator[Sandbox]: ...
    def __contains__(self, id: str, /) -> bool: ...

@final
class Content:
    """The content of a namespace: records of blobs, and their bytes where the place has them.

    >>> from stowbook import Store
    >>> content = Store.in_memory().namespace("default").content
    >>> blob = content.write(b"hello")
    >>> blob.digest[:14], blob.size, content.read(blob.digest)
    ('sha256:2cf24db', 5, b'hello')
    """

    def get(self, digest: str) -> Blob:
        """The record of this digest.

        >>> from stowbook import Store
        >>> content = Store.in_memory().namespace("default").content
        >>> created = content.write(b"hello", labels={"role": "front"})
        >>> content.get(created.digest) == created
        True
        """
    def list(self, *filters: str) -> list[Blob]:
        """The records that any of the filters selects (no filter: all), in byte order of their keys.

        A filter is containerd's: selectors joined by commas, all of which have to hold.

        >>> from stowbook import Store
        >>> content = Store.in_memory().namespace("default").content
        >>> created = content.write(b"hello", labels={"role": "front"})
        >>> content.list("labels.role==front", 'digest=="other"') == [created]
        True
        """
    def read(self, digest: str) -> bytes:
        """The bytes of the blob with this digest.

        >>> from stowbook import Store
        >>> content = Store.in_memory().namespace("default").content
        >>> content.read(content.write(b"hello").digest)
        b'hello'
        """
    def write(
        self, data: _Bytes, *, digest: str = "", labels: Mapping[str, str] | None = None, reference: str | None = None
    ) -> Blob:
        """Makes a blob of these bytes, and gives its record. ``digest`` is the one that they have to have, ``reference`` what
        the ingest is called meanwhile.

        >>> from stowbook import FailedPreconditionError, Store
        >>> content = Store.in_memory().namespace("default").content
        >>> try:
        ...     content.write(b"hello", digest="sha256:" + "0" * 64)
        ... except FailedPreconditionError as error:
        ...     print(error.message[:26])
        unexpected commit digest s
        """
    def update(self, blob: Blob, fields: Sequence[str] = ()) -> Blob:
        """Changes the labels with these paths (``labels.KEY``) to what ``blob`` says, and gives the record back as it is then.
        Without paths all labels are taken over.

        >>> from stowbook import Store
        >>> content = Store.in_memory().namespace("default").content
        >>> blob = content.write(b"hello")
        >>> dict(content.update(blob.replace(labels={"role": "front"})).labels)
        {'role': 'front'}
        """
    def delete(self, digest: str) -> None:
        """Removes the record of a blob. The bytes go when a collection finds that nobody has a record of them.

        >>> from stowbook import Store
        >>> content = Store.in_memory().namespace("default").content
        >>> content.delete(content.write(b"hello").digest)
        >>> content.list()
        []
        """
    def __iter__(self) -> Iterator[Blob]: ...
    def __contains__(self, digest: str, /) -> bool: ...

@final
class Snapshots:
    """The snapshots of a snapshotter in a namespace.

    A book keeps records only; whoever has the files is told by events, or asks.

    >>> from stowbook import Store
    >>> snapshots = Store.in_memory().namespace("default").snapshots("overlayfs")
    >>> mounts = snapshots.prepare("layer-1 rw", labels={"role": "front"})
    >>> snapshots.commit("layer-1", "layer-1 rw")
    >>> mounts = snapshots.prepare("web-rootfs", "layer-1")
    >>> [(snapshot.name, snapshot.kind, snapshot.parent) for snapshot in snapshots]
    [('layer-1', 'committed', ''), ('web-rootfs', 'active', 'layer-1')]
    """

    def get(self, key: str) -> Snapshot:
        """The record of this key.

        >>> from stowbook import Store
        >>> snapshots = Store.in_memory().namespace("default").snapshots("overlayfs")
        >>> mounts = snapshots.prepare("web-rootfs")
        >>> snapshots.get("web-rootfs").kind
        'active'
        """
    def list(self, *filters: str) -> list[Snapshot]:
        """The records that any of the filters selects (no filter: all), in byte order of their keys.

        >>> from stowbook import Store
        >>> snapshots = Store.in_memory().namespace("default").snapshots("overlayfs")
        >>> mounts = snapshots.prepare("web-rootfs", labels={"role": "front"})
        >>> [snapshot.name for snapshot in snapshots.list("labels.role==front", "name==other")]
        ['web-rootfs']
        """
    @property
    def snapshotter(self) -> str:
        """The snapshotter's name."""
    def prepare(
        self, key: str, parent: str = "", *, labels: Mapping[str, str] | None = None
    ) -> typing.List[dict[str, typing.Any]]:
        """Makes a snapshot to write to, on a parent that is committed or on nothing, and tells how to mount it: dicts with
        ``type``, ``source``, ``target`` and ``options``.

        >>> from stowbook import Store
        >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
        >>> [mount["type"] for mount in snapshots.prepare("web-rootfs")]
        ['bind']
        """
    def view(
        self, key: str, parent: str = "", *, labels: Mapping[str, str] | None = None
    ) -> typing.List[dict[str, typing.Any]]:
        """Makes a snapshot to look at, and tells how to mount it.

        >>> from stowbook import Store
        >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
        >>> mounts = snapshots.view("look")
        >>> snapshots.get("look").kind
        'view'
        """
    def commit(
        self, name: str, key: str, *, parent: str = "", labels: Mapping[str, str] | None = None
    ) -> None:
        """Finishes the active snapshot ``key`` as ``name``. Its labels are not inherited.

        >>> from stowbook import Store
        >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
        >>> mounts = snapshots.prepare("rw")
        >>> snapshots.commit("layer-1", "rw")
        >>> [snapshot.name for snapshot in snapshots]
        ['layer-1']
        """
    def update(self, snapshot: Snapshot, fields: Sequence[str] = ()) -> Snapshot:
        """Changes the labels with these paths (``labels.KEY``) to what ``snapshot`` says, and gives the record back as it is
        then. Without paths all labels are taken over.

        >>> from stowbook import Snapshot, Store
        >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
        >>> mounts = snapshots.prepare("rw")
        >>> dict(snapshots.update(Snapshot("rw", labels={"role": "front"})).labels)
        {'role': 'front'}
        """
    def remove(self, key: str) -> None:
        """Removes a snapshot that no other stands on.

        >>> from stowbook import Store
        >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
        >>> mounts = snapshots.prepare("rw")
        >>> snapshots.remove("rw")
        >>> snapshots.list()
        []
        """
    def mounts(self, key: str) -> typing.List[dict[str, typing.Any]]:
        """How a snapshot is mounted.

        >>> from stowbook import Store
        >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
        >>> snapshots.prepare("rw") == snapshots.mounts("rw")
        True
        """
    def __iter__(self) -> Iterator[Snapshot]: ...
    def __contains__(self, key: str, /) -> bool: ...

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
class Events:
    """The event log of a store: every change of a record, numbered, in the order of the commits. Those of a server are only
    followed, and to a transaction one can only publish.

    >>> from stowbook import Container, Store
    >>> store = Store.in_memory()
    >>> created = store.namespace("default").containers.create(Container("web", "runc"))
    >>> [(event.number, event.topic) for event in store.events.read()]
    [(1, '/containers/create')]
    """

    def read(self, *filters: str, since: str | int = "oldest", limit: int = 1000) -> EventPage:
        """The next events that any of the filters selects (no filter: all), at most ``limit``. ``since`` is ``"oldest"``,
        ``"now"``, the number of an event, or a cursor: a page's ``next``.

        A filter can name ``topic``, ``namespace``, and fields of the message below ``event``, as ``event.id``.

        >>> from stowbook import Container, Store
        >>> store = Store.in_memory()
        >>> containers = store.namespace("default").containers
        >>> web = containers.create(Container("web", "runc"))
        >>> page = store.events.read()
        >>> containers.delete("web")
        >>> [event.topic for event in store.events.read("event.id==web", since=page.next)]
        ['/containers/delete']
        """
    def subscribe(self, *filters: str, since: str | int = "now", timeout: float | None = None) -> Subscription:
        """Follows the events that any of the filters selects, one after the other as they are committed: an iterator. ``since``
        is as in ``read``. A stowbook's server knows what has happened too, and is asked again when the connection is lost; a
        containerd begins with ``"now"``.

        The iterator ends when no event has come for ``timeout`` seconds; None: never. ``cursor`` of the subscription is
        where another one goes on.

        >>> from stowbook import Container, Store
        >>> store = Store.in_memory()
        >>> containers = store.namespace("default").containers
        >>> web = containers.create(Container("web", "runc"))
        >>> events = store.events.subscribe("topic~=^/containers/", since="oldest", timeout=0)
        >>> [event.topic for event in events]
        ['/containers/create']
        >>> containers.delete("web")
        >>> [event.topic for event in store.events.subscribe(since=events.cursor, timeout=0)]
        ['/containers/delete']
        """
    def bounds(self) -> EventBounds:
        """The numbers of the first and the last event that the log holds. An empty log has none: ``first`` is ``last + 1``.

        >>> from stowbook import Store
        >>> Store.in_memory().events.bounds()
        EventBounds(first=1, last=0)
        """
    def cursor(self, number: int) -> str:
        """The place behind the event of this number, to go on from there later: a cursor, which tells the book too.

        >>> from stowbook import Store
        >>> Store.in_memory().events.cursor(7)[-2:]
        ':7'
        """
    def publish(self, namespace: str, topic: str, event: Any) -> None:
        """Tells of something in a namespace, now.

        >>> from stowbook import Any, Store
        >>> store = Store.in_memory()
        >>> store.events.publish("default", "/backup/done", Any("text/plain", b"ok"))
        >>> [(event.topic, event.event.value) for event in store.events.read()]
        [('/backup/done', b'ok')]
        """
    def forward(self, event: Event) -> None:
        """Tells of something that happened elsewhere: in the event's namespace, at its time.

        >>> from stowbook import Container, Store
        >>> here, there = Store.in_memory(), Store.in_memory()
        >>> created = there.namespace("default").containers.create(Container("web", "runc"))
        >>> for event in there.events.read():
        ...     here.events.forward(event)
        >>> [event.topic for event in here.events.read()]
        ['/containers/create']
        """

@final
class Subscription:
    """One who follows events: an iterator. See ``Events.subscribe``.

    >>> from stowbook import Namespace, Store
    >>> store = Store.in_memory()
    >>> with store.events.subscribe(timeout=1) as events:
    ...     created = store.namespaces.create(Namespace("k8s.io"))
    ...     print(next(events).topic)
    /namespaces/create
    """

    @property
    def cursor(self) -> str | None:
        """The place behind the last event that was given, for ``since`` of another subscription; None with a containerd, which
        keeps nothing for later.
        """
    def close(self) -> None:
        """Ends the subscription. A second call does nothing.

        >>> from stowbook import Store
        >>> events = Store.in_memory().events.subscribe()
        >>> events.close()
        """
    def __iter__(self) -> Self: ...
    def __next__(self) -> Event: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...

class _Message:
    def to_protobuf(self) -> bytes:
        r"""The record as containerd's protobuf message, with what it carried beyond the members here.

        >>> from stowbook import Container
        >>> Container("web").to_protobuf()
        b'\n\x03web'
        """
    @classmethod
    def from_protobuf(cls, message: _Bytes, /) -> Self:
        r"""Reads containerd's protobuf message.

        >>> from stowbook import Container
        >>> Container.from_protobuf(b"\n\x03web").id
        'web'
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[typing.Any, ...]: ...

class _Record(_Message):
    def to_dict(self) -> dict[str, typing.Any]:
        """The record as a dict, as ``to_json`` writes it: times as RFC 3339 text, bytes as base64.

        >>> from stowbook import Container
        >>> Container("web", "runc").to_dict()["runtime"]
        {'name': 'runc'}
        """
    @classmethod
    def from_dict(cls, record: dict[str, typing.Any], /) -> Self:
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
    def from_json(cls, text: str | _Bytes, /) -> Self:
        """Reads JSON such as ``to_json`` writes; members that are missing are empty.

        >>> from stowbook import Container
        >>> Container.from_json('{"id": "web"}').id
        'web'
        """
    __hash__: ClassVar[None]  # type: ignore[assignment]

class _Labelled(_Record):
    @property
    def labels(self) -> Mapping[str, str]:
        """The labels, in byte order of their keys; they cannot be changed in place."""

class _Created(_Labelled):
    @property
    def created_at(self) -> datetime | None:
        """When the record was created, in UTC, cut to the microsecond; None for a record that no store has seen."""
    @property
    def created_at_ns(self) -> int | None:
        """When the record was created, in nanoseconds since 1970-01-01T00:00:00Z."""

class _Updated(_Created):
    @property
    def updated_at(self) -> datetime | None:
        """When the record was last changed, in UTC, cut to the microsecond; None for a record that no store has seen."""
    @property
    def updated_at_ns(self) -> int | None:
        """When the record was last changed, in nanoseconds since 1970-01-01T00:00:00Z."""

@final
class Container(_Updated):
    """The metadata of a container; never a process.

    A record does not change: ``replace`` makes a changed one, and a store keeps it. What a record has to be is checked by
    the store, not here. Its message is containerd.services.containers.v1.Container.

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
        """The same record with other values for these arguments of its class.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
        Namespace('moby', labels={'owner': 'kubelet'})
        """

@final
class Image(_Updated):
    """A name for a piece of content. Nothing looks at the content: it need not exist.

    Its message is containerd.services.images.v1.Image.

    >>> from stowbook import Descriptor, Image
    >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
    >>> Image("docker.io/library/nginx:1.27", index).target.size
    1609
    """

    def __new__(
        cls,
        name: str,
        target: Descriptor | None = None,
        *,
        labels: Mapping[str, str] | None = None,
    ) -> Self: ...
    @property
    def name(self) -> str:
        """The key of the record in its namespace."""
    @property
    def target(self) -> Descriptor:
        """The content that the name stands for."""
    def replace(
        self,
        *,
        name: str = ...,
        target: Descriptor | None = ...,
        labels: Mapping[str, str] | None = ...,
    ) -> Image:
        """The same record with other values for these arguments of its class.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
        Namespace('moby', labels={'owner': 'kubelet'})
        """

@final
class Descriptor(_Record):
    """What a piece of content is: an OCI descriptor, as far as containerd stores it.

    Its message is containerd.types.Descriptor.

    >>> from stowbook import Descriptor
    >>> Descriptor("application/vnd.oci.image.manifest.v1+json", "sha256:9f86d0", 528)
    Descriptor('application/vnd.oci.image.manifest.v1+json', 'sha256:9f86d0', 528)
    """

    def __new__(
        cls,
        media_type: str = "",
        digest: str = "",
        size: int = 0,
        *,
        annotations: Mapping[str, str] | None = None,
    ) -> Self: ...
    @property
    def media_type(self) -> str:
        """The type of the content."""
    @property
    def digest(self) -> str:
        """The digest of the content, as in ``sha256:44136f…``."""
    @property
    def size(self) -> int:
        """The size of the content in bytes."""
    @property
    def annotations(self) -> Mapping[str, str]:
        """The annotations, in byte order of their keys; they cannot be changed in place."""
    def replace(
        self,
        *,
        media_type: str = ...,
        digest: str = ...,
        size: int = ...,
        annotations: Mapping[str, str] | None = ...,
    ) -> Descriptor:
        """The same record with other values for these arguments of its class.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
        Namespace('moby', labels={'owner': 'kubelet'})
        """

@final
class Lease(_Created):
    """What keeps resources from being collected while someone works with them. A lease is never changed.

    The label ``containerd.io/gc.expire`` ends it at a time. Its message is containerd.services.leases.v1.Lease.

    >>> from stowbook import Lease
    >>> Lease("build", {"containerd.io/gc.expire": "2030-01-01T00:00:00Z"}).id
    'build'
    """

    def __new__(
        cls,
        id: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> Self: ...
    @property
    def id(self) -> str:
        """The key of the record in its namespace. A lease that is created without one is given one."""
    def replace(
        self,
        *,
        id: str = ...,
        labels: Mapping[str, str] | None = ...,
    ) -> Lease:
        """The same record with other values for these arguments of its class.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
        Namespace('moby', labels={'owner': 'kubelet'})
        """

@final
class LeaseResource(_Record):
    """One thing that a lease holds. It need not exist.

    Its message is containerd.services.leases.v1.Resource.

    >>> from stowbook import LeaseResource
    >>> LeaseResource("snapshots/overlayfs", "web-rootfs")
    LeaseResource('snapshots/overlayfs', 'web-rootfs')
    """

    def __new__(
        cls,
        kind: str,
        id: str,
    ) -> Self: ...
    @property
    def kind(self) -> str:
        """What sort of thing it is: ``content``, ``ingests``, ``images`` or ``snapshots/SNAPSHOTTER``."""
    @property
    def id(self) -> str:
        """The digest, reference, image name or snapshot key."""
    def replace(
        self,
        *,
        kind: str = ...,
        id: str = ...,
    ) -> LeaseResource:
        """The same record with other values for these arguments of its class.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
        Namespace('moby', labels={'owner': 'kubelet'})
        """

@final
class Sandbox(_Updated):
    """The metadata of a sandbox, in which containers share namespaces: a pod, for example.

    Its message is containerd.types.Sandbox.

    >>> from stowbook import Sandbox
    >>> Sandbox("pod", "io.containerd.runc.v2", sandboxer="podsandbox")
    Sandbox('pod', runtime='io.containerd.runc.v2', sandboxer='podsandbox')
    """

    def __new__(
        cls,
        id: str,
        runtime: str | Runtime = "",
        *,
        labels: Mapping[str, str] | None = None,
        spec: Any | None = None,
        extensions: Mapping[str, Any] | None = None,
        sandboxer: str = "",
    ) -> Self: ...
    @property
    def id(self) -> str:
        """The key of the record in its namespace."""
    @property
    def runtime(self) -> Runtime:
        """The runtime that runs it. Its name may be empty."""
    @property
    def spec(self) -> Any | None:
        """What the runtime is to start: ``spec.json()``."""
    @property
    def extensions(self) -> Mapping[str, Any]:
        """Values that clients keep with the record, by their names; they cannot be changed in place."""
    @property
    def sandboxer(self) -> str:
        """The controller that made it."""
    def replace(
        self,
        *,
        id: str = ...,
        runtime: str | Runtime = ...,
        labels: Mapping[str, str] | None = ...,
        spec: Any | None = ...,
        extensions: Mapping[str, Any] | None = ...,
        sandboxer: str = ...,
    ) -> Sandbox:
        """The same record with other values for these arguments of its class.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
        Namespace('moby', labels={'owner': 'kubelet'})
        """

@final
class Blob(_Updated):
    """The record of a piece of content.

    Its message is containerd.services.content.v1.Info.

    >>> from stowbook import Blob
    >>> Blob("sha256:9f86d0", 528, labels={"containerd.io/gc.root": "1"}).size
    528
    """

    def __new__(
        cls,
        digest: str,
        size: int = 0,
        *,
        labels: Mapping[str, str] | None = None,
    ) -> Self: ...
    @property
    def digest(self) -> str:
        """The key: the digest of the bytes."""
    @property
    def size(self) -> int:
        """The number of bytes."""
    def replace(
        self,
        *,
        digest: str = ...,
        size: int = ...,
        labels: Mapping[str, str] | None = ...,
    ) -> Blob:
        """The same record with other values for these arguments of its class.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
        Namespace('moby', labels={'owner': 'kubelet'})
        """

@final
class Snapshot(_Updated):
    """The record of a snapshot: a file system's state, in a snapshotter's keeping.

    Its message is containerd.services.snapshots.v1.Info.

    >>> from stowbook import Snapshot
    >>> Snapshot("web-rootfs", labels={"role": "front"}).kind
    'unknown'
    """

    def __new__(
        cls,
        name: str,
        *,
        labels: Mapping[str, str] | None = None,
    ) -> Self: ...
    @property
    def name(self) -> str:
        """The key of the record at its snapshotter."""
    @property
    def parent(self) -> str:
        """The key of the snapshot below, empty for none."""
    @property
    def kind(self) -> Literal["unknown", "view", "active", "committed"]:
        """What it is for: ``view``, ``active``, ``committed``, or ``unknown`` where only the snapshotter would know."""
    def to_protobuf(self) -> bytes:
        r"""The record as containerd's protobuf message, with what it carried beyond the members here. What the snapshotter calls
        it is not in it.

        >>> from stowbook import Snapshot
        >>> Snapshot("rw").to_protobuf()
        b'\n\x02rw'
        """
    @classmethod
    def from_protobuf(cls, message: _Bytes, backend_name: str = "", /) -> Self:
        r"""Reads containerd's protobuf message.

        >>> from stowbook import Snapshot
        >>> Snapshot.from_protobuf(b"\n\x02rw", "default/7/rw").backend_name
        'default/7/rw'
        """
    @property
    def backend_name(self) -> str:
        """What the snapshotter calls it, where that is known."""
    def replace(
        self,
        *,
        name: str = ...,
        labels: Mapping[str, str] | None = ...,
    ) -> Snapshot:
        """The same record with other values for these arguments of its class.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
        Namespace('moby', labels={'owner': 'kubelet'})
        """

@final
class Namespace(_Labelled):
    """A tenant of the book: every other record lives in one.

    Its message is containerd.services.namespaces.v1.Namespace.

    >>> from stowbook import Namespace
    >>> Namespace("k8s.io", {"owner": "kubelet"})
    Namespace('k8s.io', labels={'owner': 'kubelet'})
    """

    def __new__(
        cls,
        name: str,
        labels: Mapping[str, str] | None = None,
    ) -> Self: ...
    @property
    def name(self) -> str:
        """The key."""
    def replace(
        self,
        *,
        name: str = ...,
        labels: Mapping[str, str] | None = ...,
    ) -> Namespace:
        """The same record with other values for these arguments of its class.

        >>> from stowbook import Namespace
        >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
        Namespace('moby', labels={'owner': 'kubelet'})
        """

@final
class Runtime(_Message):
    """Which runtime runs a container, and with which options.

    >>> from stowbook import Container, Runtime
    >>> Container("web", "io.containerd.runc.v2").runtime == Runtime("io.containerd.runc.v2")
    True
    """

    def __new__(
        cls,
        name: str,
        options: Any | None = None,
    ) -> Self: ...
    @property
    def name(self) -> str:
        """The runtime's name."""
    @property
    def options(self) -> Any | None:
        """Its options, if it has some."""
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Any(_Message):
    """An opaque value with the name of its type, kept to the byte. Its message is google.protobuf.Any.

    >>> from stowbook import Any
    >>> spec = Any("types.containerd.io/opencontainers/runtime-spec/1/Spec", b'{"ociVersion": "1.2.1"}')
    >>> spec.json()["ociVersion"]
    '1.2.1'
    """

    def __new__(
        cls,
        type_url: str,
        value: _Bytes,
    ) -> Self: ...
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
    def __hash__(self) -> int: ...

@final
class Event:
    """One event: what happened, when, and in which namespace.

    Its message is containerd.types.Envelope.

    >>> from stowbook import Container, Store
    >>> store = Store.in_memory()
    >>> created = store.namespace("default").containers.create(Container("web", "runc"))
    >>> [event] = store.events.read()
    >>> event.number, event.namespace, event.topic, event.payload()["id"]
    (1, 'default', '/containers/create', 'web')
    """

    @property
    def number(self) -> int:
        """Its number: one more than that of the event before it, in the order of the commits. 0 for one of a containerd."""
    @property
    def timestamp(self) -> datetime | None:
        """When it happened, in UTC, cut to the microsecond."""
    @property
    def timestamp_ns(self) -> int | None:
        """When it happened, in nanoseconds since 1970-01-01T00:00:00Z."""
    @property
    def namespace(self) -> str:
        """The namespace that it happened in."""
    @property
    def topic(self) -> str:
        """What happened. Topics below ``/stowbook/`` are of changes that containerd tells nobody of."""
    @property
    def event(self) -> Any | None:
        """What it happened to: one of containerd's event messages; below ``/stowbook/`` the record or the request."""
    @property
    def published(self) -> bool:
        """Whether containerd's own subscribers would see it."""
    def payload(self) -> dict[str, typing.Any] | None:
        """The message about what happened, as a dict; None for a type that is not known, or bytes that are no such message.

        >>> from stowbook import Namespace, Store
        >>> store = Store.in_memory()
        >>> created = store.namespaces.create(Namespace("k8s.io"))
        >>> [event.payload() for event in store.events.read()]
        [{'name': 'k8s.io'}]
        """
    def to_dict(self) -> dict[str, typing.Any]:
        """The event as a dict: number, timestamp, namespace, topic, published, type_url, and payload, or value_base64 where
        there is no payload.

        >>> from stowbook import Namespace, Store
        >>> store = Store.in_memory()
        >>> created = store.namespaces.create(Namespace("k8s.io"))
        >>> [event.to_dict()["type_url"] for event in store.events.read()]
        ['containerd.events.NamespaceCreate']
        """
    def to_json(self) -> str:
        """The event as JSON on one line, as ``stowbook events -o json`` prints it.

        >>> import json
        >>> from stowbook import Namespace, Store
        >>> store = Store.in_memory()
        >>> created = store.namespaces.create(Namespace("k8s.io"))
        >>> [event] = store.events.read()
        >>> json.loads(event.to_json()) == event.to_dict()
        True
        """
    def to_protobuf(self) -> bytes:
        r"""The event as containerd's protobuf message. The number is not in it.

        >>> from stowbook import Event
        >>> Event.from_protobuf(b"\x12\x01n").to_protobuf()
        b'\x12\x01n'
        """
    @classmethod
    def from_protobuf(cls, message: _Bytes, number: int = 0, /) -> Self:
        r"""Reads containerd's protobuf message.

        >>> from stowbook import Event
        >>> Event.from_protobuf(b"\x12\x01n", 7).number
        7
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
