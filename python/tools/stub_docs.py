"""Puts the docstrings of the module into its stub, where editors find them: python tools/stub_docs.py STUB.

What they say stands in the Rust sources; a test compares.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path
from typing import Union

import stowbook

Documented = Union[ast.ClassDef, ast.FunctionDef]

# Classes that the stub has to say something once: where it is looked up.
BASES = {
    "_Message": stowbook.Container,
    "_Record": stowbook.Container,
    "_Labelled": stowbook.Container,
    "_Created": stowbook.Container,
    "_Updated": stowbook.Container,
}


def docstring_of(cls: Union[str, None], name: str) -> Union[str, None]:
    """What the module says; None where the stub says nothing."""
    if cls is None:
        if name in BASES or (name.endswith("Error") and name != "StowbookError"):
            return None  # they say only what their names say
        return inspect.getdoc(getattr(stowbook, name))
    if name.startswith("__"):
        return None
    return inspect.getdoc(getattr(BASES.get(cls) or getattr(stowbook, cls), name))


def documented(stub: ast.Module) -> list[tuple[Union[str, None], Documented]]:
    """The classes and functions of the stub, each with the class around it."""
    found: list[tuple[Union[str, None], Documented]] = []
    for node in stub.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found.append((None, node))
        if isinstance(node, ast.ClassDef):
            found.extend((node.name, member) for member in node.body if isinstance(member, ast.FunctionDef))
    return found


def quoted(text: str, indent: str) -> list[str]:
    prefix = 'r"""' if "\\" in text else '"""'
    lines = (prefix + text).split("\n")
    end = ['"""'] if len(lines) > 1 else []
    if not end:
        lines[-1] += '"""'
    return [(indent + line).rstrip() for line in lines + end]


def rewritten(source: str) -> str:
    lines = source.split("\n")
    # From the end on, so that the numbers of the lines before stay what they are.
    for cls, node in reversed(documented(ast.parse(source))):
        text = docstring_of(cls, node.name)
        if text is None:
            continue
        first = node.body[0]
        indent = " " * (node.col_offset + 4)
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            start, end = first.lineno - 1, first.end_lineno or first.lineno
            if first.value.value is ...:
                lines[start] = lines[start][: first.col_offset].rstrip()
                lines[start + 1 : end] = quoted(text, indent)
            else:
                lines[start:end] = quoted(text, indent)
        else:
            decorators = getattr(first, "decorator_list", [])
            start = min([first.lineno, *(decorator.lineno for decorator in decorators)]) - 1
            lines[start:start] = [*quoted(text, indent), ""]
    return "\n".join(lines)


def main(path: Path) -> None:
    path.write_text(rewritten(path.read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
