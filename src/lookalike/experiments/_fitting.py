"""Fit a synthesizer for a study: wholly, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from lookalike.experiments._declared import Declared
from lookalike.models import Synthesizer
from lookalike.tables import Kind

__all__ = ["check_whole", "fit_whole"]


def fit_whole(
    model: Synthesizer,
    table: pa.Table,
    kinds: Mapping[str, Kind | str],
    target: str,
    declared: Declared = Declared(),  # noqa: B008 - it is immutable
) -> None:
    """Fit a synthesizer; an interrupt that leaves it usable is an interrupt all the same.

    After a single interrupted fit, a user can judge the result so far. In a study it would be
    scored and recorded as if training had finished.

    Parameters
    ----------
    model : Synthesizer
        Unfitted, with its seed.
    table : pyarrow.Table
        The rows to learn.
    kinds : mapping of str to str
        Kinds of columns that are known.
    target : str
        The column to predict.
    declared : Declared
        The rules of the rows; by default there are none.

    Raises
    ------
    KeyboardInterrupt
        If the fit was interrupted.
    """
    model.fit(table, kinds=kinds, target=target, **declared.options)
    check_whole(model)


def check_whole(model: Any) -> None:
    """Raise an interrupt if the fit of a model was interrupted, though it left it usable.

    Parameters
    ----------
    model : estimator
        With a ``history_`` if its fit can be interrupted.

    Raises
    ------
    KeyboardInterrupt
        If the fit was interrupted.
    """
    if getattr(getattr(model, "history_", None), "interrupted", False):
        raise KeyboardInterrupt
