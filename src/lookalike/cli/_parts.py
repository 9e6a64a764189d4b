"""Tables in parts; `sample` calls these."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from lookalike._core.errors import ParameterError
from lookalike._core.places import shown_path
from lookalike.cli._print import say

__all__ = ["is_folder", "sample_to_parts"]


def is_folder(output: str) -> bool:
    """Return whether an output is a folder: it is there, or its name ends in a slash."""
    return output.endswith(("/", os.sep)) or os.path.isdir(output)


def sample_to_parts(
    model: Any,
    output: str,
    rows: int | None,
    cluster: Mapping[str, Any],
    given: Any,
    *,
    balance: str | None,
    seed: int | None,
    safe_csv: bool,
    overwrite: bool,
    watermark: str | None,
) -> None:
    """Generate rows from a model file into a folder of parts; go on where an earlier run stopped.

    Parameters
    ----------
    model : str or Procedural
        A model file, or a recipe.
    output : str
    rows : int or None
    cluster : mapping
        Options of `lookalike.sample_parts`; None where they are not given.
    given : mapping or None
    balance : str or None
    seed : int or None
    safe_csv, overwrite : bool
    watermark : str or None
        The file of a key.
    """
    if rows is None:
        raise ParameterError("Give the number of rows of all parts: -n N.")

    from lookalike.scale import sample_parts

    options = {name: value for name, value in cluster.items() if value is not None}
    if safe_csv:
        options["file_format"] = "csv"
    written = sample_parts(
        model,
        output,
        rows,
        given=given,
        balance=balance,
        random_state=seed,
        safe_csv=safe_csv,
        overwrite=overwrite,
        watermark=watermark,
        progress=True,
        **options,
    )
    say(f"wrote {shown_path(output)}: {written:,} rows")
