#!/usr/bin/env python3
"""Measures what the way through Python costs, and the checker beside jsonschema:

    python/tools/bench.py [--runs 5] [--records 10000]

Builds the core's benchmark and the package with optimization, the package into an environment of its own, and prints two
tables in Markdown: the medians of runs in turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "bench" / "spec.json"
SCHEMAS = ROOT / "tests" / "checker" / "schemas" / "runtime"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
ENVIRONMENT = TARGET / "venv-bench"

# What is compared: the cost of a call that the core does not have, in microseconds, or times the core's.
TARGETS = {"create": "5 µs more", "get": "5 µs more", "list": "3 times"}


def operations(records: int) -> dict[str, float]:
    """Microseconds an operation: the work of bench/src/doors.rs."""
    from stowbook import Any, Container, Runtime, Store

    spec = Any("types.containerd.io/opencontainers/runtime-spec/1/Spec", SPEC.read_bytes())
    runtime = Runtime("io.containerd.runc.v2")
    store = Store.in_memory()
    containers = store.namespace("default").containers
    made = [
        Container(
            f"c{number:07}",
            runtime,
            image="docker.io/library/nginx:alpine",
            snapshotter="overlayfs",
            snapshot_key=f"c{number:07}",
            labels={"app": f"a{number % 100}", "tier": "web", "io.cri-containerd.kind": "container"},
            spec=spec,
        )
        for number in range(records)
    ]
    ids = [container.id for container in made]
    lists = 5
    took = {}

    started = time.perf_counter()
    for container in made:
        containers.create(container)
    took["create"] = (time.perf_counter() - started) / records
    started = time.perf_counter()
    for id in ids:
        containers.get(id)
    took["get"] = (time.perf_counter() - started) / records
    started = time.perf_counter()
    for _ in range(lists):
        assert len(containers.list()) == records
    took["list"] = (time.perf_counter() - started) / lists
    return {name: seconds * 1e6 for name, seconds in took.items()}


def checks() -> dict[str, float]:
    """Microseconds a check of the same text, with the parsing of JSON on both sides."""
    import json

    from jsonschema import Draft4Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT4

    from stowbook import validate

    text = SPEC.read_text()
    schemas = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    resources = [(name, Resource.from_contents(schema, DRAFT4)) for name, schema in schemas.items()]
    resources += [(f"https://opencontainers.org/schema/bundle/{name}", one) for name, one in resources]
    schema = schemas["config-schema.json"]
    validator = Draft4Validator(schema, registry=Registry().with_resources(resources))
    assert not list(validator.iter_errors(json.loads(text)))
    assert not validate(text, kind="runtime-config").count("error")

    def timed(times: int, check: object) -> float:
        assert callable(check)
        started = time.perf_counter()
        for _ in range(times):
            check()
        return (time.perf_counter() - started) / times * 1e6

    return {
        "jsonschema": timed(20, lambda: list(validator.iter_errors(json.loads(text)))),
        "stowbook": timed(2000, lambda: validate(text, kind="runtime-config")),
    }


def core(records: int) -> dict[str, float]:
    command = [TARGET / "release" / "stowbook-bench", "doors", "--n", str(records), "--spec", SPEC]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: int(nanoseconds) / 1e3 for name, nanoseconds in (line.split("\t") for line in lines)}


def inside(what: str, records: int) -> dict[str, float]:
    """Runs a measurement with the package that was built, in a process of its own."""
    command = [ENVIRONMENT / "bin" / "python", __file__, "--inside", what, "--records", str(records)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: float(nanoseconds) / 1e3 for name, nanoseconds in (line.split("\t") for line in lines)}


def build() -> None:
    # Together, so that both have the same core; without a libpython, as maturin builds it.
    packages = ["--package", "stowbook-bench", "--package", "stowbook-python", "--features", "stowbook-bench/system-allocator"]
    environment = {**os.environ, "PYO3_BUILD_EXTENSION_MODULE": "1"}
    subprocess.run(["cargo", "build", "--quiet", "--release", *packages], cwd=ROOT, env=environment, check=True)
    venv.create(ENVIRONMENT, with_pip=True)
    pip = [ENVIRONMENT / "bin" / "pip", "install", "--quiet"]
    subprocess.run([*pip, ROOT / "python", "jsonschema"], cwd=ROOT, check=True)


def median(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--inside", choices=["operations", "checks"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        measured = operations(arguments.records) if arguments.inside == "operations" else checks()
        for name, microseconds in measured.items():
            print(name, microseconds * 1e3, sep="\t")
        return

    build()
    turns = [(core(arguments.records), inside("operations", arguments.records)) for _ in range(arguments.runs)]
    rust, python = median([turn[0] for turn in turns]), median([turn[1] for turn in turns])
    print(f"{arguments.records:,} records in memory, {arguments.runs} runs in turn, load {os.getloadavg()[0]:.1f}.\n")
    print("| operation | Rust, µs | Python, µs | more, µs | times | target |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for name, target in TARGETS.items():
        more, times = python[name] - rust[name], python[name] / rust[name]
        print(f"| {name} | {rust[name]:,.1f} | {python[name]:,.1f} | {more:,.1f} | {times:.2f} | {target} |")
    checked = median([inside("checks", 0) for _ in range(arguments.runs)])
    ratio = checked["jsonschema"] / checked["stowbook"]
    print(f"\nA runtime config of {SPEC.stat().st_size:,} bytes: jsonschema {checked['jsonschema']:,.0f} µs, ", end="")
    print(f"`validate` {checked['stowbook']:,.0f} µs: **{ratio:,.0f} times** as fast.")


if __name__ == "__main__":
    sys.exit(main())
