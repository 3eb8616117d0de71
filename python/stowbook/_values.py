"""Values that only carry facts: what a check found, what a collection removed, what was saved of a damaged file."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import AnyStr, Generic, Literal, Optional, Union

if typing.TYPE_CHECKING:
    from ._stowbook import Event

__all__ = [
    "BookFinding",
    "Change",
    "Collected",
    "CollectedNamespace",
    "Diagnostic",
    "EventBounds",
    "EventPage",
    "Fixed",
    "ImportReport",
    "MetaDbFinding",
    "MetaDbImportReport",
    "MetaDbInfo",
    "Owned",
    "Owner",
    "Reached",
    "Refusal",
    "Related",
    "Report",
    "Resource",
    "Rule",
    "Salvage",
    "Skipped",
    "Span",
    "Suggestion",
]

Kind = Literal[
    "runtime-config",
    "runtime-features",
    "runtime-state",
    "seccomp",
    "image-manifest",
    "image-index",
    "image-config",
    "descriptor",
    "image-layout",
    "containerd-record",
    "docker-manifest",
    "docker-index",
]
Severity = Literal["advice", "warning", "error"]
Verdict = Literal["valid", "warnings", "invalid"]
ResourceKind = Literal["lease", "snapshot", "ingest", "content", "image", "container", "sandbox"]


@dataclass(frozen=True)
class Span:
    """A place in a text. Lines and columns count from 1; a column counts Unicode characters.

    >>> from stowbook import validate
    >>> span = validate('{"imageLayoutVersion": 1}').diagnostics[0].span
    >>> span.line, span.column, span.end_column, span.offset, span.length
    (1, 24, 25, 23, 1)
    """

    line: int
    column: int
    end_line: int
    end_column: int
    column_utf16: int
    """The column in UTF-16 code units, as editors count."""
    offset: int
    """In bytes."""
    length: int
    """In bytes."""


@dataclass(frozen=True)
class Change:
    """A change of a text: the bytes from ``start`` to before ``end`` go, ``replacement`` comes.

    >>> from stowbook import validate
    >>> [comma] = validate('{"imageLayoutVersion": "1.0.0",}').diagnostics
    >>> comma.suggestion.edits
    (Change(start=30, end=31, replacement=''),)
    """

    start: int
    end: int
    replacement: str


@dataclass(frozen=True)
class Suggestion:
    """A way to put something right.

    >>> from stowbook import validate
    >>> [comma] = validate('{"imageLayoutVersion": "1.0.0",}').diagnostics
    >>> comma.suggestion.safe
    True
    """

    text: str
    safe: bool
    """Whether it keeps the meaning, or is the only way to read the text. ``fix`` applies such only."""
    edits: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Related:
    """Another place that has to do with a finding.

    >>> from stowbook import validate
    >>> [second] = validate('{"imageLayoutVersion": "1.0.0", "imageLayoutVersion": "1.0.0"}').diagnostics
    >>> second.span.column, [other.span.column for other in second.related]
    (33, [24])
    """

    pointer: str
    span: Span
    message: str


@dataclass(frozen=True)
class Refusal:
    """A tool's own words for refusing a document.

    >>> from stowbook import validate
    >>> found = validate('{"ociVersion": "1.2.0"}', kind="runtime-config").diagnostics
    >>> [refusal.text for one in found for refusal in one.refused_by if refusal.tool == "runc"]
    ['root must be specified', 'process property must not be empty']
    """

    tool: str
    text: str
    """Names and numbers in it are those of an example."""
    version: str = ""
    """The tool's version; empty where all that are known say so."""


@dataclass(frozen=True)
class Diagnostic:
    """One finding of a check: what is wrong, where, what will happen, and how to put it right.

    >>> from stowbook import validate
    >>> version = validate('{"imageLayoutVersion": 1}').diagnostics[0]
    >>> version.severity, version.pointer, version.value
    ('error', '/imageLayoutVersion', '1')
    """

    code: str
    """The rule's code: ``explain`` has the rest of it."""
    severity: Severity
    pointer: str
    """The JSON pointer of the value; for a missing member that of the object without it."""
    span: Span
    message: str
    missing: Optional[str] = None
    """The member that is missing."""
    value: Optional[str] = None
    """The value as it was written, cut at 200 characters. Secrets are left out."""
    explain: str = ""
    """What will happen, and under which runtime."""
    suggestion: Optional[Suggestion] = None
    related: tuple[Related, ...] = ()
    refs: tuple[str, ...] = ()
    """Where the rule comes from."""
    refused_by: tuple[Refusal, ...] = ()
    """What tools say when they refuse it, where their words are known."""


@dataclass(frozen=True)
class Skipped:
    """A rule that could not be asked, because it needs a fact about the host.

    >>> from stowbook import validate
    >>> validate('{"ociVersion": "1.2.0", "root": {"path": "rootfs"}}').skipped[0].needs != ""
    True
    """

    code: str
    needs: str


@dataclass(frozen=True)
class Report:
    """All findings in one text: see ``validate``. ``for`` goes through the findings.

    >>> from stowbook import validate
    >>> report = validate('{"imageLayoutVersion": "1.0.0"}')
    >>> report.kind, report.verdict, len(report)
    ('image-layout', 'valid', 0)
    """

    kind: Optional[Kind]
    """What the text was taken for; None if it could not be told."""
    spec_version: Optional[str]
    """The version of the specification that the text names."""
    verdict: Verdict
    """The worst of it."""
    diagnostics: tuple[Diagnostic, ...]
    """The findings, in the order of the text."""
    skipped: tuple[Skipped, ...] = ()
    _json: str = field(default="", repr=False, compare=False)

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity.

        >>> from stowbook import validate
        >>> validate('{"imageLayoutVersion": 1}').count("error")
        1
        """
        return sum(diagnostic.severity == severity for diagnostic in self.diagnostics)

    def to_json(self) -> str:
        """The report as JSON on one line, the same in every language and on the command line.

        >>> from stowbook import validate
        >>> validate('{"imageLayoutVersion": "1.0.0"}').to_json()[:55]
        '{"kind":"image-layout","specVersion":"1.0.0","verdict":'
        """
        return self._json

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.diagnostics)

    def __len__(self) -> int:
        return len(self.diagnostics)

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Fixed(Generic[AnyStr]):
    """A text after ``fix``.

    >>> from stowbook import fix
    >>> fix('{"imageLayoutVersion": "1.0.0"}').codes
    ()
    """

    text: AnyStr
    codes: tuple[str, ...]
    """The codes of what was put right, in the order in which it was done."""


@dataclass(frozen=True)
class Rule:
    """What a rule of the checker looks for, and what it says: see ``explain``.

    >>> from stowbook import explain
    >>> explain("OCI-RT-0415").pointer
    '/mounts/i'
    """

    code: str
    severity: Severity
    needs_host: bool
    """Whether it needs facts about a host."""
    pointer: str
    """Where it looks: a JSON pointer with letters for indexes and keys."""
    message: str
    """What it says; ``{}`` stands for what was found."""
    condition: str
    """When it speaks."""
    basis: str
    """Where it comes from."""
    tools: str
    """What tools say and do."""
    fix: str
    """How to put it right."""
    accepted_by: tuple[str, ...]
    """The runtimes that were seen to start such a container all the same."""


@dataclass(frozen=True)
class EventBounds:
    """The numbers of the first and the last event that a log holds. An empty log has none: ``first`` is ``last + 1``.

    >>> from stowbook import Store
    >>> Store.in_memory().events.bounds()
    EventBounds(first=1, last=0)
    """

    first: int
    last: int


@dataclass(frozen=True)
class EventPage:
    """Some events, and where to go on. ``for`` goes through the events.

    >>> from stowbook import Store
    >>> page = Store.in_memory().events.read()
    >>> list(page), page.bounds
    ([], EventBounds(first=1, last=0))
    """

    events: tuple[Event, ...]
    next: str
    """The cursor behind all that was looked at: ``since`` of what is read next."""
    bounds: EventBounds
    """What the log held when the page was read."""

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Resource:
    """Something that holds, or is held. A snapshot's id is ``SNAPSHOTTER/KEY``.

    >>> from stowbook import Resource
    >>> print(Resource("image", "nginx"))
    image nginx
    """

    kind: ResourceKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True)
class Reached:
    """A resource that a collection came to from a root.

    >>> from stowbook import Container, Store
    >>> store = Store.in_memory()
    >>> created = store.namespace("default").containers.create(Container("web", "runc"))
    >>> [default] = store.collect(dry_run=True).namespaces
    >>> [(str(reached.resource), reached.because) for reached in default.kept]
    [('container web', 'root')]
    """

    resource: Resource
    exists: bool
    """Whether there is a record of it. A label may name what is not there."""
    flat: bool
    """Whether it is held without what its labels refer to."""
    because: str
    """Why it is kept: ``root`` by what it is, ``label KEY`` of its own that makes it one, or how its holder holds it."""
    by: Optional[int] = None
    """The holder: its position in ``kept``, before this one. None for a root."""


@dataclass(frozen=True)
class CollectedNamespace:
    """What a collection did in one namespace.

    >>> from stowbook import Container, Resource, Store
    >>> store = Store.in_memory()
    >>> web = Container("web", "runc", snapshotter="overlayfs", snapshot_key="web-rootfs")
    >>> created = store.namespace("default").containers.create(web)
    >>> [default] = store.collect(dry_run=True).namespaces
    >>> [str(step.resource) for step in default.why(Resource("snapshot", "overlayfs/web-rootfs"))]
    ['container web', 'snapshot overlayfs/web-rootfs']
    """

    name: str
    removed: tuple[Resource, ...]
    """What nothing holds."""
    kept: tuple[Reached, ...]
    """What is held, from the roots outwards, the nearest first."""

    def why(self, resource: Resource) -> tuple[Reached, ...]:
        """The shortest way from a root to a resource: the root first, the resource last. Empty for what is not kept.

        >>> from stowbook import Resource, CollectedNamespace
        >>> CollectedNamespace("default", (), ()).why(Resource("image", "nginx"))
        ()
        """
        step = next((reached for reached in self.kept if reached.resource == resource), None)
        way: list[Reached] = []
        while step is not None:
            way.append(step)
            step = None if step.by is None else self.kept[step.by]
        return tuple(reversed(way))


@dataclass(frozen=True)
class Collected:
    """What a collection has removed, or would remove, and why the rest is kept.

    >>> from stowbook import Store
    >>> Store.in_memory().collect()
    Collected(namespaces=())
    """

    namespaces: tuple[CollectedNamespace, ...]


@dataclass(frozen=True)
class Owner:
    """Something that refers to another: see ``Owned``.

    >>> from stowbook import Owner, Resource
    >>> web, rootfs = Resource("container", "web"), Resource("snapshot", "overlayfs/web-rootfs")
    >>> Owner(web, exists=True, how="snapshot", of=rootfs).how
    'snapshot'
    """

    resource: Resource
    exists: bool
    """Whether there is a record of it."""
    how: str
    """How it refers to ``of``: ``snapshot``, ``target``, ``lease``, ``label KEY`` …"""
    of: Resource
    """What it refers to: the thing that was asked for, or an owner before this one."""


@dataclass(frozen=True)
class Owned:
    """A thing in a namespace, and all that refers to it.

    >>> from stowbook import Container, Store
    >>> store = Store.in_memory()
    >>> web = Container("web", "runc", snapshotter="overlayfs", snapshot_key="web-rootfs")
    >>> created = store.namespace("default").containers.create(web)
    >>> [owned] = store.owners("web-rootfs")
    >>> owned.namespace, str(owned.resource), owned.exists, str(owned.owners[0].resource)
    ('default', 'snapshot overlayfs/web-rootfs', False, 'container web')
    """

    namespace: str
    resource: Resource
    exists: bool
    """Whether there is a record of it. What is referred to need not be there."""
    owners: tuple[Owner, ...]
    """What refers to it, then what refers to those, and so on: the nearest first, each reference once."""


@dataclass(frozen=True)
class BookFinding:
    """One thing that is wrong with a book.

    >>> from stowbook import BookFinding
    >>> print(BookFinding('container "web" in namespace "default"', "the checksum is wrong"))
    container "web" in namespace "default": the checksum is wrong
    """

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@dataclass(frozen=True)
class MetaDbFinding:
    """One thing that is wrong with a database of containerd.

    >>> from stowbook import MetaDbFinding
    >>> print(MetaDbFinding("damage", 3, "v1/default", "the page is not one"))
    page 3: v1/default: the page is not one
    """

    severity: Literal["damage", "oddity"]
    """``damage``: bytes are not what was written. ``oddity``: the file is whole, but what it says does not add up."""
    page: Optional[int]
    path: str
    """The keys of the buckets on the way to it, joined with slashes. Empty for the file itself."""
    problem: str

    def __str__(self) -> str:
        page = "" if self.page is None else f"page {self.page}: "
        path = f"{self.path}: " if self.path else ""
        return f"{page}{path}{self.problem}"


@dataclass(frozen=True)
class MetaDbInfo:
    """What a database of containerd says about itself.

    >>> from stowbook import MetaDbInfo
    >>> MetaDbInfo(page_size=4096, txid=7, version=4).version
    4
    """

    page_size: int
    """In bytes."""
    txid: int
    """The number of the last transaction."""
    version: Optional[int]
    """The version of the records' layout, 1 to 4. None where containerd has not written it yet."""


@dataclass(frozen=True)
class Salvage:
    """What was saved of a damaged database: see ``MetaDb.salvage``.

    >>> from stowbook import MetaDb
    >>> MetaDb.salvage(b"no database" * 1000).fragments
    ()
    """

    namespaces: Mapping[str, Mapping[str, typing.Any]]
    """The records as ``MetaDb.dump`` shows them. One with ``salvaged_from`` may be out of date, one that is ``incomplete`` may
    show defaults."""
    fragments: tuple[Mapping[str, typing.Any], ...]
    """Records on pages to which no way leads any more, each with what is known of it: ``page``, ``kind``, ``namespace``,
    ``key``, ``record``."""
    findings: tuple[MetaDbFinding, ...]
    """What was lost or is doubtful."""


@dataclass(frozen=True)
class ImportReport:
    """What ``Store.import_`` did.

    >>> from stowbook import Store
    >>> store = Store.in_memory()
    >>> store.import_(store.export()).written_keys
    0
    """

    written_keys: int
    """How many keys were written."""
    unchanged_keys: int
    """How many were there already with the same value."""
    with_events: bool
    """Whether the event log was taken over: only into an empty book."""


@dataclass(frozen=True)
class MetaDbImportReport:
    """What was taken over from a database of containerd, or would be.

    >>> from stowbook import MetaDbImportReport
    >>> MetaDbImportReport(namespaces=1, containers=7).conflicts
    ()
    """

    namespaces: int = 0
    """How many were made, as with the other kinds."""
    containers: int = 0
    images: int = 0
    leases: int = 0
    sandboxes: int = 0
    blobs: int = 0
    ingests: int = 0
    snapshots: int = 0
    unchanged: int = 0
    """How many records the book had already, with the same content."""
    conflicts: tuple[str, ...] = ()
    """What the book has already with another content, in words."""
    inexact: tuple[str, ...] = ()
    """What a book cannot hold to the byte, in words."""
    concluded: tuple[str, ...] = ()
    """What was concluded because a database does not tell it: the kinds of snapshots."""
    doubtful: tuple[str, ...] = ()
    """What is wrong or doubtful about a salvaged database."""
    left_out: tuple[str, ...] = ()
    """Which records of a salvaged database were left out, and why."""


# What the module in Rust makes them of: JSON as the core writes it.

_Json = dict[str, typing.Any]


def report(text: str) -> Report:
    json_report = json.loads(text)
    return Report(
        json_report["kind"],
        json_report["specVersion"],
        json_report["verdict"],
        tuple(map(_diagnostic, json_report["findings"])),
        tuple(Skipped(**skipped) for skipped in json_report["skipped"]),
        text,
    )


def _diagnostic(found: _Json) -> Diagnostic:
    suggestion = found.pop("suggestion", None)
    related = found.pop("related", ())
    return Diagnostic(
        span=Span(**found.pop("span")),
        suggestion=suggestion
        and Suggestion(
            suggestion["text"], suggestion["safe"], tuple(Change(**edit) for edit in suggestion.get("edits", ()))
        ),
        related=tuple(Related(one["pointer"], Span(**one["span"]), one["message"]) for one in related),
        refs=tuple(found.pop("refs", ())),
        refused_by=tuple(Refusal(**one) for one in found.pop("refused_by", ())),
        **found,
    )


def collected(text: str) -> Collected:
    return Collected(
        tuple(
            CollectedNamespace(
                namespace["name"],
                tuple(map(_resource, namespace["removed"])),
                tuple(map(_reached, namespace["kept"])),
            )
            for namespace in json.loads(text)["namespaces"]
        )
    )


def _reached(reached: _Json) -> Reached:
    because, by = reached["because"], None
    if isinstance(because, dict) and "reference" in because:
        by = because["reference"]["by"]
        because = because["reference"]["how"]
    elif isinstance(because, dict):
        because = {"label": because["root_label"]}
    return Reached(_resource(reached), reached["exists"], reached["flat"], _in_words(because), by)


def _resource(resource: _Json) -> Resource:
    return Resource(resource["type"], resource["id"])


def _in_words(because: Union[str, Mapping[str, str]]) -> str:
    if isinstance(because, str):
        return because
    [(word, key)] = because.items()
    return f"{word.replace('_', ' ')} {key}"


def owned(text: str) -> list[Owned]:
    return [
        Owned(
            one["namespace"],
            _resource(one),
            one["exists"],
            tuple(
                Owner(_resource(owner), owner["exists"], _in_words(owner["how"]), _resource(owner["of"]))
                for owner in one["owners"]
            ),
        )
        for one in json.loads(text)
    ]


def metadb_findings(text: str) -> list[MetaDbFinding]:
    return [MetaDbFinding(**finding) for finding in json.loads(text)]


def salvage(text: str) -> Salvage:
    saved = json.loads(text)
    findings = tuple(MetaDbFinding(**finding) for finding in saved["findings"])
    return Salvage(saved["namespaces"], tuple(saved["fragments"]), findings)


def import_report(text: str) -> ImportReport:
    return ImportReport(**json.loads(text))


def metadb_import_report(text: str) -> MetaDbImportReport:
    told: _Json = json.loads(text)
    for name, value in told.items():
        told[name] = tuple(value) if isinstance(value, list) else value
    return MetaDbImportReport(**told)
