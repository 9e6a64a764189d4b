"""The studio: pages on which the commands of lookalike are run by clicks.

Room rule: the studio computes nothing. Every action is a command line, which is shown, and runs in
a process of its own; all state is in files, so that a run survives its page and its server.
"""

from __future__ import annotations

from typing import Any

__all__ = ["serve"]


def __getattr__(name: str) -> Any:
    """Import the server at its first use (PEP 562): processes of runs do not need it."""
    if name == "serve":
        from lookalike.studio._serve import serve  # noqa: PLC0415

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
