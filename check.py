#!/usr/bin/env python3
"""Run every check: lint, format, types, import contracts, then all tests and doctests.

Usage: ``python check.py [--quick]``. Every check runs even if an earlier one fails; the exit code
is 0 only if all pass. ``--quick`` leaves out the tests that train networks, most of the time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent

# import-linter has no ``python -m``: its script stands beside the interpreter. Its cache does not
# notice new files.
CHECKS = {
    "lint": [sys.executable, "-m", "ruff", "check"],
    "format": [sys.executable, "-m", "ruff", "format", "--check"],
    "types": [sys.executable, "-m", "mypy"],
    "imports": [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
    "tests": [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"],
}
QUICK = ["-m", "not train"]


def main() -> int:
    """Run the checks one after the other and say which of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out tests that train networks")
    checks = dict(CHECKS)
    if parser.parse_args().quick:
        checks["tests"] = [*checks["tests"], *QUICK]
    failed = [name for name, command in checks.items() if not passes(name, command)]
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def passes(name: str, command: list[str]) -> bool:
    """Run one check in the project's root and say whether it passed."""
    print(f"\n--- {name}", flush=True)
    begin = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
    if name != "tests":  # pytest says its own time, and has the last word
        print(f"    {time.monotonic() - begin:.0f} s", flush=True)
    return code == 0


if __name__ == "__main__":
    sys.exit(main())
