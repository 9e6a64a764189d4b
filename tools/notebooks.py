#!/usr/bin/env python3
"""Execute the notebooks of `docs/notebooks/`, and write them with what they show.

Usage: ``python tools/notebooks.py [NAME ...]``. The source of each is a Python file in percent
format, which any editor opens; this writes an ``.ipynb`` beside it, with outputs, and without paths
or times of the machine. No notebook server is needed: cells run one after the other in an empty
folder.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "notebooks"
#: A line that begins a cell, and whether the cell is text.
_CELL = re.compile(r"^# %%( \[markdown\])?$", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A cell: text, or code."""

    source: str
    text: bool


def cells_of(path: Path) -> list[Cell]:
    """Return the cells of a Python file in percent format."""
    _, *parts = _CELL.split(path.read_text(encoding="utf-8"))
    found = []
    for mark, body in zip(parts[::2], parts[1::2], strict=True):
        source = body.strip()
        if mark:
            source = "\n".join(
                line.removeprefix("#").removeprefix(" ") for line in source.split("\n")
            )
        found.append(Cell(source, bool(mark)))
    return found


def executed(cells: list[Cell]) -> Iterator[list[dict[str, Any]]]:
    """Run cells in one namespace, and yield the outputs of each as a notebook stores them."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        yield [] if cell.text else _run(cell.source, names, f"cell {number}")


def _run(source: str, names: dict[str, Any], title: str) -> list[dict[str, Any]]:
    """Run a cell; its last expression is shown, unless it ends in a semicolon."""
    tree, said, value = ast.parse(source, title), io.StringIO(), None
    last = tree.body[-1] if tree.body else None
    with contextlib.redirect_stdout(said):
        if isinstance(last, ast.Expr) and not source.rstrip().endswith(";"):
            exec(compile(ast.Module(tree.body[:-1], []), title, "exec"), names)
            value = eval(compile(ast.Expression(last.value), title, "eval"), names)
        else:
            exec(compile(tree, title, "exec"), names)
    outputs = []
    if said.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(said.getvalue())})
    if value is not None:
        data = _shown(value)
        outputs.append(
            {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": None}
        )
    return outputs


def _shown(value: Any) -> dict[str, Any]:
    """Return a value as a notebook shows it: a picture, HTML or text."""
    if hasattr(value, "savefig"):
        drawn = io.BytesIO()
        value.savefig(drawn, format="png", dpi=80, bbox_inches="tight", metadata={"Software": None})
        return {"image/png": base64.b64encode(drawn.getvalue()).decode()}
    data: dict[str, Any] = {"text/plain": _lines(repr(value))}
    made = getattr(value, "_repr_html_", lambda: None)()
    if made:
        data["text/html"] = _lines(made)
    return data


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def notebook(path: Path) -> dict[str, Any]:
    """Execute a source, and return it as a notebook."""
    cells = cells_of(path)
    written: list[dict[str, Any]] = []
    for cell, outputs in zip(cells, executed(cells), strict=True):
        one: dict[str, Any] = {
            "cell_type": "markdown" if cell.text else "code",
            "id": f"{path.stem}-{len(written)}",
            "metadata": {},
            "source": _lines(cell.source),
        }
        if not cell.text:
            one |= {"execution_count": None, "outputs": outputs}
        written.append(one)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": written,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def main(names: list[str]) -> None:
    """Execute the notebooks that are named, or all."""
    os.environ.setdefault("MPLBACKEND", "agg")
    for path in sorted(FOLDER.glob("*.py")):
        if names and path.stem not in names:
            continue
        begin = time.process_time()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            made = notebook(path)
        text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        path.with_suffix(".ipynb").write_text(text, encoding="utf-8")
        seconds = time.process_time() - begin
        print(f"{path.stem}: {len(text) / 1024:.0f} kB, {seconds:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
