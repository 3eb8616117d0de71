"""What is written about the package is true."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import stowbook

PYTHON = Path(__file__).parents[1]
README = (PYTHON / "README.md").read_text()
DOCUMENTED: dict[str, object] = {"stowbook": stowbook}


def is_value(member: object) -> bool:
    return inspect.isgetsetdescriptor(member) or isinstance(member, property)


def is_refusal(member: object) -> bool:
    return isinstance(member, type) and issubclass(member, Exception)


for name in stowbook.__all__:
    cls = getattr(stowbook, name)
    DOCUMENTED[name] = cls
    for member in vars(cls):
        value = getattr(cls, member)
        if not member.startswith("_") and (callable(value) or is_value(value)):
            DOCUMENTED[f"{name}.{member}"] = value


@pytest.mark.parametrize("name", DOCUMENTED)
def test_everything_has_a_docstring_and_its_example_works(name: str) -> None:
    documented = DOCUMENTED[name]
    doc = inspect.getdoc(documented)
    assert doc and all(len(line) <= 120 for line in doc.splitlines())
    test = doctest.DocTestParser().get_doctest(doc, {}, name, None, None)
    assert test.examples or is_value(documented) or is_refusal(documented), "no example"
    output: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=output.append)
    assert not output, "".join(output)


def test_the_stub_repeats_the_docstrings() -> None:
    stub = ast.parse((PYTHON / "stowbook" / "_stowbook.pyi").read_text())
    for cls in (node for node in stub.body if isinstance(node, ast.ClassDef)):
        if cls.name.endswith("Error") and cls.name != "StowbookError":
            continue  # they say only what their names say
        assert ast.get_docstring(cls) == inspect.getdoc(DOCUMENTED[cls.name]), cls.name
        for member in cls.body:
            if isinstance(member, ast.FunctionDef) and not member.name.startswith("__"):
                name = f"{cls.name}.{member.name}"
                assert ast.get_docstring(member) == inspect.getdoc(DOCUMENTED[name]), name


def test_the_readme_shows_what_happens(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    output = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert code and output
    example = PYTHON / "examples" / "first_book.py"
    assert code[1] == example.read_text()
    run = [sys.executable, str(example)]
    assert subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, text=True).stdout == output[1]


def test_all_or_nothing(path: Path) -> None:
    with stowbook.Store.open(path) as store:
        for namespace, id in [("a", "one"), ("a", "two"), ("b", "two")]:
            store.namespace(namespace).containers.create(stowbook.Container(id, "runc"))
    run = [sys.executable, str(PYTHON / "examples" / "all_or_nothing.py"), str(path), "a", "b"]
    refused = subprocess.run(run, capture_output=True, text=True)
    assert refused.returncode == 1 and 'container "two": already exists' in refused.stderr
    with stowbook.Store.open(path) as store:
        assert len(store.namespace("a").containers.list()) == 2
        store.namespace("b").containers.delete("two")
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "2 moved\n"
