"""The facts by which a reader can check the answer of a study point by point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from lookalike.experiments._arms import ComparedArm
from lookalike.experiments._records import Record
from lookalike.experiments._study import versions

__all__ = ["study_facts"]


class Studied(Protocol):
    """The part of a study that its facts tell."""

    @property
    def target(self) -> str: ...
    @property
    def arms(self) -> Sequence[ComparedArm]: ...
    @property
    def synthesizer(self) -> Any: ...
    @property
    def models(self) -> Mapping[str, Any]: ...
    @property
    def metrics(self) -> Sequence[str]: ...
    @property
    def seed(self) -> int: ...
    @property
    def data(self) -> str: ...


def study_facts(
    study: Studied,
    found: Sequence[Record],
    *,
    rows: int,
    classes: bool,
    inputs: Sequence[str],
    split: str,
    groups: str | None,
    time: str | None,
    test_size: float,
    repeats: int,
    factors: Sequence[float],
    shares: Sequence[float],
    curve: Sequence[float],
    replace: bool,
    controls: bool,
    **others: Any,
) -> dict[str, Any]:
    """Return the facts of a study, JSON-ready.

    Parameters
    ----------
    study : Studied
        The study.
    found : sequence of Record
        All its numbers.
    rows : int
        The number of rows.
    classes : bool
        Whether the target has classes.
    inputs : sequence of str
        What models see.
    split : str
        The sort of splits, in a word.
    groups, time : str or None
        The columns by which rows are parted.
    test_size : float
        The share of rows that is held out.
    repeats : int
        The number of splits.
    factors : sequence of float
        Synthetic rows for each real one.
    shares, curve : sequence of float
        Shares of the training rows: for all arms, and for real rows alone.
    replace : bool
        Whether models learned synthetic rows alone, too.
    controls : bool
        Whether there are cheap controls.
    **others
        Facts of this sort of study.

    Returns
    -------
    dict of str to object
    """
    return {
        "rows": rows,
        "target": study.target,
        "classes": classes,
        "inputs": list(inputs),
        "split": split,
        "groups": groups,
        "time": time,
        "test_size": test_size,
        "repeats": repeats,
        "arms": {arm.name: arm.about for arm in study.arms},
        "synthesizer": repr(study.synthesizer),
        "models": list(study.models),
        "metrics": list(study.metrics),
        "seed": study.seed,
        "data": study.data,
        "versions": versions(),
        "factors": list(factors),
        "shares": list(shares),
        "curve": list(curve),
        "replace": replace,
        "controls": controls,
        **others,
        "counts": _counts(found, sorted({*shares, *curve}) if curve else shares),
    }


def _counts(found: Sequence[Record], shares: Sequence[float]) -> list[dict[str, Any]]:
    """Return the smallest and the largest number of rows of the splits, for each share."""
    return [
        {
            "share": share,
            **{
                name: _ends(getattr(one, name) for one in found if one.share == share)
                for name in ("train_rows", "kept_rows", "test_rows")
            },
        }
        for share in shares
    ]


def _ends(counts: Iterable[int]) -> list[int]:
    known = sorted(set(counts))
    return [known[0], known[-1]]
