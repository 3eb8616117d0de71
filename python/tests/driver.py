"""Plays requests on stowbook through its Python package: a driver as tests/conformance/DOORS.md has it.

cargo run -p stowbook-conformance -- --door 'python python/tests/driver.py' tests/vectors/*.json
"""

from __future__ import annotations

import sys
from typing import Callable, Optional

from stowbook import (
    Any,
    Container,
    Descriptor,
    Event,
    Image,
    InNamespace,
    Lease,
    LeaseResource,
    Namespace,
    Sandbox,
    Store,
    StowbookError,
)

Words = list[Optional[str]]


def text(word: Optional[str]) -> str:
    """A value that Python cannot leave out: an absent one is the empty text."""
    return word or ""


def texts(words: Words) -> list[str]:
    return [text(word) for word in words]


def flag(word: Optional[str]) -> bool:
    return word == "true"


def nanoseconds(time: Optional[str]) -> Optional[int]:
    """A time as RFC 3339 writes it. Python's own reader knows no nanoseconds, records do."""
    return None if time is None else Container.from_dict({"created_at": time}).created_at_ns


def of(store: Store, namespace: Optional[str], lease: Optional[str] = None) -> InNamespace:
    here = store.namespace(text(namespace))
    return here if lease is None else here.with_lease(lease)


def containers(store: Store, operation: str, words: Words) -> list[str]:
    kept = of(store, words[0]).containers
    key, rest = texts(words[1:2]), texts(words[2:])
    if operation == "get":
        return [kept.get(*key).to_json()]
    if operation == "list":
        return [container.to_json() for container in kept.list(*key, *rest)]
    if operation == "create":
        return [kept.create(Container.from_json(*key)).to_json()]
    if operation == "update":
        return [kept.update(Container.from_json(*key), fields=rest).to_json()]
    if operation == "delete":
        kept.delete(*key)
        return []
    raise KeyError(operation)


def sandboxes(store: Store, operation: str, words: Words) -> list[str]:
    kept = of(store, words[0]).sandboxes
    key, rest = texts(words[1:2]), texts(words[2:])
    if operation == "get":
        return [kept.get(*key).to_json()]
    if operation == "list":
        return [sandbox.to_json() for sandbox in kept.list(*key, *rest)]
    if operation == "create":
        return [kept.create(Sandbox.from_json(*key)).to_json()]
    if operation == "update":
        return [kept.update(Sandbox.from_json(*key), fields=rest).to_json()]
    if operation == "delete":
        kept.delete(*key)
        return []
    raise KeyError(operation)


def images(store: Store, operation: str, words: Words) -> list[str]:
    namespace, *rest = words
    if operation == "list":
        return [image.to_json() for image in of(store, namespace).images.list(*texts(rest))]
    key = text(rest[0])
    if operation == "get":
        return [of(store, namespace).images.get(key).to_json()]
    kept = of(store, namespace, rest[1]).images
    if operation == "create":
        return [kept.create(Image.from_json(key), source_date_epoch=nanoseconds(rest[2])).to_json()]
    if operation == "update":
        epoch = nanoseconds(rest[2])
        return [kept.update(Image.from_json(key), texts(rest[3:]), source_date_epoch=epoch).to_json()]
    if operation == "delete":
        target = None if rest[2] is None else Descriptor(digest=rest[2])
        kept.delete(key, target=target, sync=flag(rest[3]))
        return []
    raise KeyError(operation)


def leases(store: Store, operation: str, words: Words) -> list[str]:
    namespace, *rest = words
    kept = of(store, namespace).leases
    if operation == "list":
        return [lease.to_json() for lease in kept.list(*texts(rest))]
    key = text(rest[0])
    if operation == "create":
        return [kept.create(Lease.from_json(key)).to_json()]
    if operation == "list_resources":
        return [part for resource in kept.resources(key) for part in (resource.kind, resource.id)]
    if operation == "delete":
        kept.delete(key, sync=flag(rest[1]))
    elif operation == "add_resource":
        kept.add_resource(key, LeaseResource(*texts(rest[1:])))
    elif operation == "delete_resource":
        kept.delete_resource(key, LeaseResource(*texts(rest[1:])))
    else:
        raise KeyError(operation)
    return []


def namespaces(store: Store, operation: str, words: Words) -> list[str]:
    kept = store.namespaces
    if operation == "list":
        return [namespace.to_json() for namespace in kept]
    key, fields = text(words[0]), texts(words[1:])
    if operation == "get":
        return [kept.get(key).to_json()]
    if operation == "create":
        return [kept.create(Namespace.from_json(key)).to_json()]
    if operation == "update":
        kept.update(Namespace.from_json(key), fields=fields)
    elif operation == "delete":
        kept.delete(key)
    else:
        raise KeyError(operation)
    return []


def events(store: Store, operation: str, words: Words) -> list[str]:
    if operation == "read":
        return [event.to_json() for event in store.events.read(since=text(words[0]), limit=sys.maxsize)]
    if operation == "publish":
        namespace, topic, type_url = texts(words[:3])
        store.events.publish(namespace, topic, Any(type_url, as_bytes(words[3])))
    elif operation == "forward":
        store.events.forward(Event.from_protobuf(as_bytes(words[0])))
    else:
        raise KeyError(operation)
    return []


KINDS: dict[str, Callable[[Store, str, Words], list[str]]] = {
    "containers": containers,
    "events": events,
    "images": images,
    "leases": leases,
    "namespaces": namespaces,
    "sandboxes": sandboxes,
}


def as_bytes(word: Optional[str]) -> bytes:
    return text(word).encode("utf-8", "surrogateescape")


def read_word(word: str) -> Optional[str]:
    """A value of a request; None for an absent one."""
    if word == "-":
        return None
    if not word.startswith("="):
        raise ValueError(f"{word!r} is not a word")
    return bytes.fromhex(word[1:]).decode("utf-8", "surrogateescape")


def write_word(text: str) -> str:
    return "=" + text.encode().hex()


def reply(store: Store, request: str) -> str:
    name, *words = request.split(" ")
    kind, _, operation = name.partition(".")
    if kind not in KINDS:
        return "unsupported"
    try:
        return " ".join(["ok", *map(write_word, KINDS[kind](store, operation, [read_word(word) for word in words]))])
    except StowbookError as error:
        return f"error {error.kind} {write_word(error.message)}"
    except KeyError:
        return "unsupported"


def main() -> None:
    store = Store.in_memory()
    for line in sys.stdin:
        request = line.rstrip("\n")
        if request == "reset":
            store.close()
            store = Store.in_memory()
            print("ok", flush=True)
        else:
            print(reply(store, request), flush=True)


if __name__ == "__main__":
    main()
