"""Holds the work of a check against the size of its text: no hostile text may cost more than its length is worth.

grow.py STOWBOOK: counts instructions (callgrind) at two sizes, for a report on each sort of text.
grow.py STOWBOOK --all: in each form of the text, and for a repair and SARIF too.
grow.py STOWBOOK --all --bytes N: prints the seconds and the memory that each takes with N bytes, the worst last.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time

from sorts import sorts

SMALL, FACTOR = 32 * 1024, 4
# Four times the text may take so many times the work: sorting has a logarithm, and hash maps and trees grow in steps.
LIMIT = 6.0
MODES = {"a report": ["--advice"], "a repair": ["--fix"], "SARIF": ["--format", "sarif"]}


def cases(everything):
    modes = list(MODES) if everything else ["a report"]
    return [(mode, *sort) for mode in modes for sort in sorts(everything)]


def command(stowbook, mode, kind, path):
    return [stowbook, "validate", *MODES[mode], *(["--kind", kind] if kind else []), path]


def instructions(arguments):
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run(valgrind + arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    counted = re.search(r"Collected : (\d+)", done.stderr)
    # 0: no error; 1: errors; 2: not JSON.
    if counted is None or done.returncode not in (0, 1, 2):
        sys.exit(f"{' '.join(arguments)}: {done.returncode}\n{done.stderr[-2000:]}")
    return int(counted[1])


def growth(stowbook, folder, number, mode, name, kind, make):
    counts = []
    for size in (SMALL, SMALL * FACTOR):
        # A repair changes its file.
        path = os.path.join(folder, f"{number}-{mode}-{size}.json")
        with open(path, "wb") as file:
            file.write(make(size))
        counts.append(instructions(command(stowbook, mode, kind, path)))
        os.unlink(path)
    return counts[1] / counts[0], f"{name}, {mode}: {counts[0]:,} instructions, {counts[1]:,} for {FACTOR} times the text"


def check_growth(stowbook, folder, everything):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = sorted(pool.map(lambda case: growth(stowbook, folder, case[0], *case[1]), enumerate(cases(everything))))
    for ratio, row in rows[-5:]:
        print(f"{ratio:.2f} {row}")
    bad = [row for ratio, row in rows if ratio > LIMIT]
    print(f"{len(rows) - len(bad)} of {len(rows)} texts cost at most {LIMIT} times as much when they are {FACTOR} times as long")
    return len(bad)


def measure(stowbook, folder, everything, size):
    rows = []
    path = os.path.join(folder, "text.json")
    for mode, name, kind, make in cases(everything):
        with open(path, "wb") as file:
            file.write(make(size))
        begin = time.monotonic()
        process = subprocess.Popen(
            command(stowbook, mode, kind, path), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        if not os.WIFEXITED(status) or os.WEXITSTATUS(status) not in (0, 1, 2):
            sys.exit(f"{name}, {mode}: status {status}\n{errors[-2000:]!r}")
        rows.append((seconds, usage.ru_maxrss // 1024, f"{name}, {mode}"))
    for seconds, mebibytes, name in sorted(rows):
        print(f"{seconds:6.2f} s {mebibytes:6} MiB  {name}")
    print(f"{len(rows)} checks, {sum(row[0] for row in rows):.0f} s; at most {max(row[1] for row in rows)} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stowbook")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--bytes", type=int)
    parser.add_argument("--temp", default=tempfile.gettempdir())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.temp) as folder:
        if arguments.bytes:
            measure(arguments.stowbook, folder, arguments.all, arguments.bytes)
        elif check_growth(arguments.stowbook, folder, arguments.all):
            sys.exit(1)


if __name__ == "__main__":
    main()
