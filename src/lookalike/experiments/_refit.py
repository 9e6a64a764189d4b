"""The fit of a chosen model to all rows, in the time that was kept for it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from lookalike._core.errors import DataError, LookalikeWarning
from lookalike.experiments._clock import Clock
from lookalike.experiments._declared import Declared
from lookalike.experiments._leaderboard import Comparison
from lookalike.experiments._trial import TableParts
from lookalike.models import Synthesizer
from lookalike.tables import Kind

__all__ = ["fitted_to_all", "reserve_for"]

#: A fit to all rows takes longer than a trial by about this factor.
_REFIT = 1.3
#: Where trials learn at least this share of the rows, no time is kept for a fit to all of them.
_MOST_OF_ALL = 0.75


def reserve_for(parts: TableParts) -> float:
    """Return the time to keep for a fit to all rows, as a multiple of a trial's.

    Parameters
    ----------
    parts : TableParts
    """
    share = len(parts.fit) / sum(map(len, (parts.fit, parts.choose, parts.report)))
    return _REFIT if share < _MOST_OF_ALL else 0.0


def fitted_to_all(
    found: Comparison,
    clock: Clock,
    data: Any,
    kinds: Mapping[str, Kind | str] | None,
    target: str | None,
    declared: Declared,
) -> Synthesizer:
    """Return the chosen model, fitted to all rows if there is time.

    Parameters
    ----------
    found : Comparison
        The trials and the chosen one.
    clock : Clock
        The time that is left.
    data : dataframe or path
        All rows.
    kinds : mapping of str to str, optional
    target : str, optional
        As for `Synthesizer.fit`.
    declared : Declared
        The rules of the rows.

    Returns
    -------
    Synthesizer
        Its history says how it was chosen.

    Raises
    ------
    DataError
        If no model was chosen.

    Warns
    -----
    LookalikeWarning
        If no time was left: the model has learned the rows of its trial alone.
    """
    best, winner = found.best, found.winner
    if best is None or winner is None or winner.seconds is None:
        raise DataError(f"No model can be chosen for this table.\n{found!r}")
    if clock.has(_REFIT * winner.seconds):
        fresh = type(best)(**best.get_params(deep=False))
        best = fresh.fit(data, kinds=kinds, target=target, **declared.options)
    else:
        warnings.warn(
            f"{winner.label} has learned {winner.rows:,} rows only: no time was left to fit it "
            f"to all of them. Give more seconds than {clock.seconds:g}.",
            LookalikeWarning,
            stacklevel=3,
        )
    best.history_.add(best._trained_steps, "choice", found.answer)
    return best
