"""The command line. Room rule: results on standard output, everything else on standard error.

A command imports what it uses when it runs, so that ``lookalike --help`` stays fast.
"""

from lookalike.cli._main import main

__all__ = ["main"]
