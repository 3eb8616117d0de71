"""Moves the containers of one namespace to another: all of them, or none."""

import sys

from stowbook import AbortedError, Store, StowbookError


def move(store: Store, source: str, target: str) -> int:
    with store.write() as txn:
        records = txn.namespace(source).containers.list()
        for record in records:
            txn.namespace(target).containers.create(record)
            txn.namespace(source).containers.delete(record.id)
    return len(records)


def main(path: str, source: str, target: str) -> int:
    with Store.open(path, create=False, lock_timeout=5) as store:
        while True:
            try:
                print(f"{move(store, source, target)} moved")
                return 0
            except AbortedError:
                continue  # another writer was faster: begin again from fresh reads
            except StowbookError as error:
                print(f"{error}; {error.help or 'nothing was changed'}", file=sys.stderr)
                return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
