#!/usr/bin/env python3
"""Run every check: lint, format, types, import contracts, then all tests and doctests.

Usage: ``python check.py [--quick | --all]``. Every check runs even if an earlier one fails; the
exit code is 0 only if all pass. ``--all`` runs slow tests, too, which double the time; ``--quick``
leaves out those that train networks, most of the rest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent

# import-linter has no ``python -m``: its script stands beside the interpreter. Its cache does not
# notice new files.
READERS = {
    "lint": [sys.executable, "-m", "ruff", "check"],
    "format": [sys.executable, "-m", "ruff", "format", "--check"],
    "types": [sys.executable, "-m", "mypy"],
    "imports": [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
}
TESTS = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"]
USUAL, QUICK = ["-m", "not slow"], ["-m", "not train and not slow"]


def main() -> int:
    """Run the checks that read the code side by side, then the tests; say which failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="leave out those that train, too")
    which.add_argument("--all", action="store_true", help="run slow tests, too")
    asked = parser.parse_args()
    tests = [*TESTS, *([] if asked.all else QUICK if asked.quick else USUAL)]
    with ThreadPoolExecutor(len(READERS)) as pool:
        passed = dict(zip(READERS, pool.map(read, READERS, READERS.values()), strict=True))
    print("\n--- tests", flush=True)
    passed["tests"] = run(tests).returncode == 0  # shows its progress, and has the last word
    failed = [name for name, well in passed.items() if not well]
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def read(name: str, command: list[str]) -> bool:
    """Run a check, show all that it said at once, and say whether it passed."""
    begin = time.monotonic()
    done = run(command, output=subprocess.PIPE)
    said = done.stdout.decode(errors="replace")
    print(f"\n--- {name}\n{said}    {time.monotonic() - begin:.0f} s", flush=True)
    return done.returncode == 0


def run(command: list[str], *, output: int | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a command in the project's root, without input."""
    return subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
