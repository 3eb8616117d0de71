from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any as Anything

import pytest

import stowbook
from stowbook import InvalidArgumentError, NotFoundError, _values, detect, explain, fix, validate

CASES = Path(__file__).parents[2] / "tests" / "checker"
GOOD = (CASES / "runtime" / "runc-spec-1.1.5.json").read_text()
BAD = json.dumps(
    {**json.loads(GOOD), "mounts": [{"destination": "/data", "type": "bind", "source": "/srv/data"}], "proces": {}}
)
UNHEARD_OF = json.dumps({**json.loads(GOOD), "unheardOfMember": 1})


def test_a_report() -> None:
    report = validate(BAD, kind="runtime-config")
    assert (report.kind, report.verdict) == ("runtime-config", "invalid")
    assert report.spec_version == json.loads(GOOD)["ociVersion"]
    assert len(report) == len(list(report)) == len(report.diagnostics) >= 2
    bind = next(one for one in report if one.code == "OCI-RT-0415")
    assert (bind.severity, bind.pointer) == ("error", "/mounts/0")
    assert bind.span.offset == BAD.index('"bind"') and bind.span.length == len('"bind"')
    assert bind.suggestion and bind.message and bind.refs
    assert report.count("error") == sum(one.severity == "error" for one in report)
    assert pickle.loads(pickle.dumps(report)) == report == validate(BAD.encode(), kind="runtime-config")
    assert hash(bind) == hash(dataclasses.replace(bind))
    with pytest.raises(dataclasses.FrozenInstanceError):
        bind.code = "other"  # type: ignore[misc]


def test_the_json_is_the_same_in_every_door() -> None:
    found = json.loads(validate(BAD).to_json())
    assert found["verdict"] == "invalid" and found["findings"][0]["span"]["offset"] >= 0
    assert [one["code"] for one in found["findings"]] == [one.code for one in validate(BAD)]


def _told(value: Anything) -> Anything:
    """What a value says, at every depth: without the members that the JSON leaves out because they are empty."""
    if isinstance(value, dict):
        members = {name: _told(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in (None, [], "")}
    return [_told(item) for item in value] if isinstance(value, (list, tuple)) else value


def test_every_document_of_the_checkers_tests_is_read() -> None:
    """Nothing that the core can report is lost or misread on the way."""
    files = sorted(path for path in CASES.rglob("*.json"))
    assert len(files) > 20
    for path in files:
        data = path.read_bytes()
        report = validate(data, advice=True)
        raw = json.loads(report.to_json())
        assert len(raw["findings"]) == len(report)
        for one, diagnostic in zip(raw["findings"], report):
            assert _told(dataclasses.asdict(diagnostic)) == _told(one), path
        assert detect(data) == report.kind


def test_options() -> None:
    assert validate(GOOD).verdict == "valid" or validate(GOOD).count("error") == 0
    assert not validate(GOOD, min_severity="error").diagnostics
    assert validate(GOOD, advice=True).count("advice") > 0
    all_of_it = validate(BAD, advice=True)
    assert len(validate(BAD, advice=True, max_findings=1)) == 2, "one more tells how many were left out"
    ignored = validate(BAD, advice=True, ignore=["OCI-RT-0415@/mounts/*"])
    assert len(ignored) == len(all_of_it) - 1
    assert validate(UNHEARD_OF, strict=True).count("error") > validate(UNHEARD_OF).count("error")
    for options in [
        {"platform": "linux"},
        {"platform": None},
        {"profile": "crun-1.8", "rootless": True, "cgroup": "v2", "systemd_cgroup": True, "phase": "create"},
        {"kind": "auto"},
    ]:
        assert validate(BAD, **typing.cast(Anything, options)).kind == "runtime-config"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"kind": "config"}, InvalidArgumentError),
        ({"profile": "docker"}, InvalidArgumentError),
        ({"platform": "plan9"}, InvalidArgumentError),
        ({"cgroup": "v3"}, InvalidArgumentError),
        ({"phase": "stop"}, InvalidArgumentError),
        ({"min_severity": "fatal"}, InvalidArgumentError),
        ({"kind": 5}, TypeError),
        ({"kind": "\ud800"}, InvalidArgumentError),
        ({"strict": "yes"}, TypeError),
        ({"ignore": "OCI"}, TypeError),
        ({"max_findings": -1}, OverflowError),
        ({"other": 1}, TypeError),
    ],
)
def test_options_that_are_none(options: dict[str, Anything], error: type[Exception]) -> None:
    for check in (validate, fix):
        with pytest.raises(error):
            check("{}", **options)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        "\0",
        "[" * 200_000,
        '{"a":1,"a":2}',
        b'{"ociVersion": "\x00\xff"}',
        bytearray(b"{}"),
        '{"x": "' + "a" * 16_000_000 + '"}',
    ],
    ids=lambda text: repr(text[:12]),
)
def test_whatever_the_text_is_it_gives_findings(text: Anything) -> None:
    report = validate(text, kind="runtime-config")
    assert report.verdict == "invalid" and report.diagnostics
    fix(text)


@pytest.mark.parametrize("text", [None, 5, [], {"ociVersion": "1.0"}, memoryview(b"{}")])
def test_what_is_no_text(text: Anything) -> None:
    for check in (validate, fix, detect):
        with pytest.raises(TypeError):
            check(text)


def test_surrogates() -> None:
    with pytest.raises(InvalidArgumentError, match="lone surrogate"):
        validate('{"\ud800": 1}')


def test_fix_gives_back_what_it_got() -> None:
    broken = '{\n  // a remark\n  "imageLayoutVersion": "1.0.0",\n}'
    fixed = fix(broken)
    assert fixed.codes and not validate(fixed.text).count("error")
    assert json.loads(fixed.text) == {"imageLayoutVersion": "1.0.0"}
    assert fix(broken.encode()) == stowbook.Fixed(fixed.text.encode(), fixed.codes)
    assert fix(GOOD).text == GOOD


def test_rules() -> None:
    rule = explain("OCI-RT-0415")
    assert (rule.code, rule.severity, rule.needs_host) == ("OCI-RT-0415", "error", False)
    assert rule.condition and rule.fix and rule.basis
    with pytest.raises(NotFoundError):
        explain("OCI-RT-9999")


def refused(check: Callable[[], object]) -> str:
    with pytest.raises(InvalidArgumentError) as caught:
        check()
    return str(caught.value.help)


def test_the_types_name_what_the_core_knows() -> None:
    """The core tells which names there are; the stub and the types repeat them."""
    stub = (Path(__file__).parents[1] / "stowbook" / "_stowbook.pyi").read_text()
    unknown: Anything = "?"
    kinds = refused(lambda: validate("", kind=unknown)).removeprefix("one of ").split(", ")
    assert tuple(kinds) == typing.get_args(_values.Kind)
    for option, line in [("platform", "_Platform"), ("profile", "_Profile")]:
        options: Anything = {option: "?"}
        known = refused(lambda: validate("", **options)).removeprefix("one of ").split(", ")
        literal = ", ".join(f'"{name}"' for name in known)
        assert f"{line}: typing.TypeAlias = Literal[{literal}]" in stub
