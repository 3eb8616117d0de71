from __future__ import annotations

import ast
import builtins
import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Union

import pytest

import stowbook
from stowbook import (
    Container,
    Containers,
    FailedPreconditionError,
    InvalidArgumentError,
    MetaDb,
    NotFoundError,
    Store,
    StowbookError,
)

STUB = Path(__file__).parents[1] / "stowbook" / "_stowbook.pyi"
CLASSES = [
    value for value in vars(stowbook).values() if isinstance(value, type) and issubclass(value, StowbookError)
]


def test_the_stub_has_the_same_tree() -> None:
    in_stub = {
        node.name: [ast.unparse(base) for base in node.bases]
        for node in ast.parse(STUB.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    }
    assert in_stub == {cls.__name__: [base.__name__ for base in cls.__bases__] for cls in CLASSES}


@pytest.mark.parametrize("cls", CLASSES)
def test_every_class_is_whole(cls: type[StowbookError]) -> None:
    assert cls.__module__ == "stowbook"
    assert cls.__doc__
    error = cls("what went wrong")
    assert str(error) == error.message == "what went wrong"
    assert (error.help, error.details) == (None, {})
    assert isinstance(error.kind, str)
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is cls and copied.args == error.args


def test_kinds_tell_the_children_apart() -> None:
    children = [cls for cls in CLASSES if cls is not StowbookError]
    assert len({cls.kind for cls in children}) == len(children) >= 18
    assert all(cls.__bases__[0] is StowbookError for cls in children)


@pytest.mark.parametrize(
    ("name", "built_in"),
    [
        ("InvalidArgumentError", ValueError),
        ("NotFoundError", KeyError),
        ("PermissionDeniedError", PermissionError),
        ("DeadlineExceededError", TimeoutError),
        ("OutOfRangeError", IndexError),
        ("UnsupportedError", NotImplementedError),
    ],
)
def test_built_ins_catch_those_that_mean_the_same(name: str, built_in: type[Exception]) -> None:
    assert issubclass(getattr(stowbook, name), built_in)
    assert getattr(builtins, built_in.__name__) is built_in


def test_what_an_error_carries(containers: Containers) -> None:
    with pytest.raises(KeyError) as caught:
        containers.get("web")
    error = caught.value
    assert isinstance(error, NotFoundError)
    assert str(error) == 'container "web" in namespace "default": not found'
    assert error.kind == "not_found"
    assert repr(error).startswith("NotFoundError('container \"web\"")


def refusal(containers: Containers) -> InvalidArgumentError:
    with pytest.raises(InvalidArgumentError) as caught:
        containers.create(Container("web", "runc", labels={"key": "v" * 5000}))
    return caught.value


def test_details_and_pickles(containers: Containers) -> None:
    error = refusal(containers)
    assert error.help
    assert isinstance(error.details, dict)
    assert error.details["key"] == '"key"' or error.details["key"] == "key"
    copied = pickle.loads(pickle.dumps(error))
    assert (copied.kind, copied.message, copied.help, copied.details) == (
        error.kind,
        error.message,
        error.help,
        error.details,
    )


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes came with Python 3.11")
def test_help_stands_in_the_traceback(containers: Containers) -> None:
    error = refusal(containers)
    text = "".join(traceback.format_exception(error))
    assert f"stowbook.InvalidArgumentError: {error.message}\nhelp: {error.help}\n" in text


def test_errors_are_made_anew_each_time(containers: Containers) -> None:
    errors: list[Union[NotFoundError, None]] = []
    for _ in range(2):
        with pytest.raises(NotFoundError) as caught:
            containers.get("web")
        errors.append(caught.value)
    assert errors[0] is not errors[1]


def test_wrong_arguments_tell_the_right_ones() -> None:
    """What a newcomer types first, and what is to be typed instead."""
    containers = Store.in_memory().namespace("default").containers
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: Store("book.redb"), "a Store is made by Store.open(path) or Store.in_memory()"),  # type: ignore[call-arg]
        (lambda: MetaDb("meta.db"), "a MetaDb is made by MetaDb.open(path) or MetaDb.from_bytes(data)"),  # type: ignore[call-arg]
        (
            lambda: containers.update(Container("web"), fields="labels.tier"),
            "'fields' is a list of paths: write it as ['labels.tier']",
        ),
        (
            lambda: containers.list(["id==web"]),  # type: ignore[arg-type]
            "a filter is a 'str': give several one by one, or as list(*filters)",
        ),
    ]
    for wrong, told in cases:
        with pytest.raises(TypeError) as caught:
            wrong()
        assert str(caught.value) == told
    with pytest.raises(NotFoundError) as unknown:
        stowbook.explain("FOO")
    assert unknown.value.help is not None and unknown.value.help.startswith("codes look like OCI-RT-0415")
    assert stowbook.explain("oci-rt-0415").code == "OCI-RT-0415"
    with pytest.raises(InvalidArgumentError) as place:
        Store.in_memory().events.read(since="newest")
    assert place.value.help is not None and place.value.help.startswith("begin with oldest, now, ")


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    book = tmp_path / "book.redb"
    Store.open(book).close()
    with pytest.raises(FailedPreconditionError) as no_database:
        MetaDb.open(book)
    assert no_database.value.help is not None and no_database.value.help.startswith("it looks like a book")
    with pytest.raises(FailedPreconditionError, match="it looks like a database of containerd"):
        Store.open(Path(__file__).parents[2] / "tests/metadb/bbolt-4096.db")
