"""Commands of lookalike that the server itself waits for, and what they say."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from lookalike.studio._store import TableFolder, write_json

__all__ = ["command", "error_of", "read_presets", "read_schema"]


async def command(words: list[str], folder: Path) -> tuple[int, str, str]:
    """Run a command of lookalike in a folder; return its exit code, its output and messages."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lookalike", *words),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, messages = await process.communicate()
    code = process.returncode or 0
    return code, out.decode("utf-8", "replace"), messages.decode("utf-8", "replace")


async def read_schema(table: TableFolder) -> str:
    """Infer the schema of a table or a database and keep it; return an error, or no words."""
    code, out, messages = await command(["info", table.source, "--json"], table.path)
    if code != 0:
        table.data.unlink(missing_ok=True)
        return (
            error_of(messages)
            .replace(table.source, table.name)
            .replace(table.data.name, table.name)
        )
    cautions = [line for line in messages.splitlines() if line.startswith("warning: ")]
    write_json(table.path / "schema.json", {**json.loads(out), "cautions": cautions})
    return ""


async def read_presets(folder: Path) -> list[str]:
    """Return the names of the published systems that learn tables."""
    code, out, _ = await command(["info", "--presets", "--json"], folder)
    presets = json.loads(out) if code == 0 else {}
    return [name for name, preset in presets.items() if preset["data"] == "tables"]


def error_of(messages: str) -> str:
    """Return the error among the messages of a command, without its prefix."""
    lines = [line for line in messages.strip().splitlines() if line]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (errors or lines or ["It did not work, and there is no message."])[-1]
