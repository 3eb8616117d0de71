"""Plays requests on stowbook through its Python package: a driver as tests/conformance/DOORS.md has it.

cargo run -p stowbook-conformance -- --door 'python python/tests/driver.py' tests/vectors/*.json
"""

from __future__ import annotations

import sys
from typing import Callable, Optional

from stowbook import Container, Namespace, Store, StowbookError

Words = list[str]
Operation = Callable[[Store, Words], Words]


def containers_get(store: Store, words: Words) -> Words:
    namespace, id = words
    return [store.namespace(namespace).containers.get(id).to_json()]


def containers_list(store: Store, words: Words) -> Words:
    namespace, *filters = words
    return [container.to_json() for container in store.namespace(namespace).containers.list(*filters)]


def containers_create(store: Store, words: Words) -> Words:
    namespace, record = words
    return [store.namespace(namespace).containers.create(Container.from_json(record)).to_json()]


def containers_update(store: Store, words: Words) -> Words:
    namespace, record, *fields = words
    return [store.namespace(namespace).containers.update(Container.from_json(record), fields=fields).to_json()]


def containers_delete(store: Store, words: Words) -> Words:
    namespace, id = words
    store.namespace(namespace).containers.delete(id)
    return []


def namespaces_get(store: Store, words: Words) -> Words:
    (name,) = words
    return [store.namespaces.get(name).to_json()]


def namespaces_list(store: Store, words: Words) -> Words:
    () = words
    return [namespace.to_json() for namespace in store.namespaces]


def namespaces_create(store: Store, words: Words) -> Words:
    (record,) = words
    return [store.namespaces.create(Namespace.from_json(record)).to_json()]


def namespaces_update(store: Store, words: Words) -> Words:
    record, *fields = words
    store.namespaces.update(Namespace.from_json(record), fields=fields)
    return []


def namespaces_delete(store: Store, words: Words) -> Words:
    (name,) = words
    store.namespaces.delete(name)
    return []


OPERATIONS: dict[str, Operation] = {
    "containers.get": containers_get,
    "containers.list": containers_list,
    "containers.create": containers_create,
    "containers.update": containers_update,
    "containers.delete": containers_delete,
    "namespaces.get": namespaces_get,
    "namespaces.list": namespaces_list,
    "namespaces.create": namespaces_create,
    "namespaces.update": namespaces_update,
    "namespaces.delete": namespaces_delete,
}


def read_word(word: str) -> str:
    """A value of a request. An absent one is passed as the empty text."""
    if word == "-":
        return ""
    if not word.startswith("="):
        raise ValueError(f"{word!r} is not a word")
    return bytes.fromhex(word[1:]).decode("utf-8", "surrogateescape")


def write_word(text: str) -> str:
    return "=" + text.encode().hex()


def reply(store: Store, request: str) -> str:
    name, *words = request.split(" ")
    operation: Optional[Operation] = OPERATIONS.get(name)
    if operation is None:
        return "unsupported"
    try:
        return " ".join(["ok", *map(write_word, operation(store, [read_word(word) for word in words]))])
    except StowbookError as error:
        return f"error {error.kind} {write_word(error.message)}"


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
