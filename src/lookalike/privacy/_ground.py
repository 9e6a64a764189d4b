"""The tables of an audit as arrays: targets, the rows that attackers know, and two halves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike._core.errors import DataError
from lookalike._core.seeds import generator
from lookalike.metrics import Pair, View, row_keys

__all__ = ["FEWEST_CONTROL", "AuditedTables", "divide"]

Bools = npt.NDArray[np.bool_]

#: The fewest control rows: half of them are targets, and half of those report.
FEWEST_CONTROL = 60
#: The largest numbers of rows: targets of each sort, rows that attackers know, synthetic rows.
_MOST_TARGETS, _MOST_KNOWN, _MOST_SYNTHETIC = 5_000, 20_000, 50_000
#: The excess of repeated rows over those that chance explains, and its z, that is an overlap.
_OVERLAP, _SURE = 0.01, 4.0


@dataclass(frozen=True)
class AuditedTables:
    """What all attacks share.

    Parameters
    ----------
    pair : Pair
        Training rows, synthetic rows and control rows.
    synthetic, known : View
        The synthetic rows, and control rows that attackers know.
    targets : View
        The attacked rows: members, and as many control rows that nobody knows.
    member, report : ndarray of bool, shape (targets,)
        Whether a target was learned, and whether it reports (or chooses).
    """

    pair: Pair
    synthetic: View
    known: View
    targets: View
    member: Bools
    report: Bools

    @property
    def seed(self) -> int:
        """The seed of everything that is drawn."""
        return self.pair.seed


def divide(pair: Pair) -> AuditedTables:
    """Draw the targets and divide them.

    Parameters
    ----------
    pair : Pair
        Its held-out rows are the control.

    Raises
    ------
    DataError
        If the control has too few rows, or rows of the training table.
    """
    held = pair.test_view
    assert held is not None  # an audit always has a control
    _check(pair, held)
    rng = generator(pair.seed, "privacy", "targets")
    order, half = rng.permutation(len(held)), len(held) // 2
    count = min(half, len(pair.real), _MOST_TARGETS)
    members = rng.permutation(len(pair.real))[:count]
    both = [pair.real.take(pa.array(members)), pair.test.take(pa.array(order[:count]))]  # type: ignore[union-attr]
    own = pair.test.take(pa.array(order[half:][:_MOST_KNOWN]))  # type: ignore[union-attr]
    # Both halves have members and others alike; rows are in random order already.
    report = np.tile(np.arange(count) % 2 == 1, 2)
    return AuditedTables(
        pair=pair,
        synthetic=pair.synthetic_view.sample(_MOST_SYNTHETIC),
        known=View(own, pair.codebook, pair.seed),
        targets=View(pa.concat_tables(both), pair.codebook, pair.seed),
        member=np.repeat([True, False], count),
        report=report,
    )


def _check(pair: Pair, held: View) -> None:
    if len(held) < FEWEST_CONTROL:
        raise DataError(
            f"control must have at least {FEWEST_CONTROL} rows, as targets and as the attacker's "
            f"own; this one has {len(held)}. Keep more rows out of the fit."
        )
    if len(pair.real) < FEWEST_CONTROL:
        raise DataError(
            f"train must have at least {FEWEST_CONTROL} rows to be attacked; this one has "
            f"{len(pair.real)}."
        )
    if not pair.columns:
        raise DataError(
            "No column can be attacked: there are only identifiers, texts or constants."
        )
    learned, control = row_keys(pair.real_view), row_keys(held)
    # Rows repeat each other by themselves: as often among training rows as between both tables.
    usual = 1 - sum(1 for n in _counts(learned).values() if n == 1) / len(learned)
    among = set(learned)
    shared = sum(key in among for key in control)
    excess = shared / len(control) - usual
    error = np.sqrt(max(usual * (1 - usual), 1 / len(control)) / len(control))
    if excess > max(_OVERLAP, _SURE * error):
        raise DataError(
            f"train and control must be different rows, but {shared:,} of {len(control):,} control "
            f"rows are training rows; {round(usual * len(control)):,} would be equal by chance. "
            "Divide the table before the fit and give the part that was not learned."
        )


def _counts(keys: list[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found
