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
from stowbook import _stowbook, _values

PYTHON = Path(__file__).parents[1]
sys.path.insert(0, str(PYTHON / "tools"))

import stub_docs  # noqa: E402
README = (PYTHON / "README.md").read_text()
PROJECT_README = (PYTHON.parent / "README.md").read_text()
DOCUMENTED: dict[str, object] = {"stowbook": stowbook}


def is_value(member: object) -> bool:
    return inspect.isgetsetdescriptor(member) or isinstance(member, property)


def is_refusal(member: object) -> bool:
    return isinstance(member, type) and issubclass(member, Exception)


for name in stowbook.__all__:
    cls = getattr(stowbook, name)
    DOCUMENTED[name] = cls
    for member in vars(cls) if inspect.isclass(cls) else ():
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
    """Put right by tools/stub_docs.py."""
    stub = (PYTHON / "stowbook" / "_stowbook.pyi").read_text()
    assert stub_docs.rewritten(stub) == stub


def test_what_the_stub_says_once_is_true_of_all() -> None:
    records = [getattr(stowbook, name) for name in stowbook.__all__ if hasattr(getattr(stowbook, name), "to_protobuf")]
    assert len(records) == 12
    for name in ("to_dict", "from_dict", "to_json", "from_json", "to_protobuf", "from_protobuf", "labels", "created_at"):
        of_containers = inspect.getdoc(getattr(stowbook.Container, name))
        for cls in records:
            if cls not in (stowbook.Event, stowbook.Snapshot) and hasattr(cls, name):
                assert inspect.getdoc(getattr(cls, name)) == of_containers, (cls, name)


def test_nothing_is_left_out_of_the_package() -> None:
    assert sorted(_stowbook.__all__ + _values.__all__) == stowbook.__all__


def test_the_readme_shows_what_happens(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    output = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert code and output
    example = PYTHON / "examples" / "first_book.py"
    assert code[1] == example.read_text()
    run = [sys.executable, str(example)]
    assert subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, text=True).stdout == output[1]


def test_every_block_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tests = PYTHON.parent / "tests"
    data = bytearray((tests / "metadb" / "containerd-2.3.4.db").read_bytes())
    data[72:80] = data[4096 + 72 : 4096 + 80] = b"\xff" * 8  # the checksums of both meta pages
    Path("damaged.db").write_bytes(data)
    config = (tests / "checker" / "runtime" / "runc-spec-1.1.5.json").read_text()
    Path("config.json").write_text(config.replace('"rootfs"', '7'))
    first, damaged, *rest = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert damaged == (PYTHON / "examples" / "damaged.py").read_text()
    names: dict[str, object] = {"stowbook": stowbook}
    printed: list[str] = []
    names["print"] = lambda *words: printed.append(" ".join(map(str, words)))
    for block in (first, damaged, *rest[:-1]):
        exec(compile(block, "README.md", "exec"), names)
    assert len(ast.literal_eval(printed[2])) > 20, "containers of the damaged database"
    assert printed[3].startswith("1 default /containers/create {'id': 'web'")
    assert any("error OCI-RT-" in line and " /root/path: " in line for line in printed)
    # pandas is large; what it is given are dicts.
    assert rest[-1].startswith("table = pandas.DataFrame([") and rest[-1].endswith("])\n")
    rows = rest[-1][len("table = pandas.DataFrame(") : -2]
    with stowbook.Store.open("book.redb") as store:
        names["containers"] = store.namespace("default").containers
        assert [row["id"] for row in eval(rows, names)] == ["web"]


def test_the_quick_start_of_the_project_runs(tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PROJECT_README, re.DOTALL)
    (tmp_path / "config.json").write_text('{"ociVersion": "1.2.0"}')
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    ids, *findings = run.stdout.splitlines()
    assert f"# {ids}\n" in code, "the comment says what is printed"
    assert findings and all(finding.startswith("OCI-RT-") for finding in findings)


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
