"""Refinement: what is fitted to a model's rows once, and done to each block of them after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np
from jaxtyping import Bool

from lookalike._core.parameters import AnyOf, Flag, Group, Rule
from lookalike._core.seeds import derive_seed
from lookalike.encoding import BlockSource, Layout, Learned, SampledRows
from lookalike.refine._correction import Correction
from lookalike.refine._fit_correction import fit_correction
from lookalike.refine._gibbs import GibbsSweep
from lookalike.refine._holdout import HoldOut
from lookalike.refine._margins import MarginMap

__all__ = ["Refine", "Refinement", "ViolatesZeros"]

#: Says which rows combine what never occurs together.
ViolatesZeros = Callable[[SampledRows], Bool[np.ndarray, " rows"]]

#: The first number of the blocks from which spare rows are taken, and of those for rows that need
#: a whole block of them.
_SPARE, _MANY_SPARE = 2**31, 2**31 + 2**30
#: How often a whole block of spare rows is made for one block, and how far apart their numbers are.
_TURNS, _EACH_TURN = 4, 2**27
#: How many blocks share a block of spare rows.
_SHARING = 8


class Refine(Group):
    """What is done to the rows of a fitted model so that they come closer to real ones.

    Parameters
    ----------
    calibrate : bool
        Whether marginals are corrected after training.
    correct : bool or None
        Whether boosted trees mend rows: they choose rows of two to six times as many, by how real
        and generated rows differ, and draw columns of few levels again, given all others. None
        does each where held-out rows show that it helps, True chooses wherever trees find a
        difference; both take 200 rows at least. Sampling takes two to six times as long.

    Examples
    --------
    >>> from lookalike.refine import Refine
    >>> Refine(correct=False)
    Refine(correct=False)
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        "calibrate": Flag(),
        "correct": AnyOf((Flag(),), none=True),
    }

    def __init__(self, *, calibrate: bool = True, correct: bool | None = None) -> None:
        self.calibrate = calibrate
        self.correct = correct


@dataclass(frozen=True)
class Refinement:
    """What has been fitted to the rows of a model.

    Parameters
    ----------
    margins : MarginMap or None
        What gives numbers the marginals due.
    correction : Correction or None
        What chooses rows of a pool.
    sweep : GibbsSweep or None
        What draws levels of the chosen rows again.
    """

    margins: MarginMap | None = None
    correction: Correction | None = None
    sweep: GibbsSweep | None = None

    def corrected(
        self,
        source_of: Callable[[int], BlockSource],
        split: HoldOut,
        layout: Layout,
        seed: int,
        *,
        force: bool,
        cancelled: Callable[[], bool],
    ) -> tuple[Refinement, str]:
        """Return the refinement with a correction where held-out rows ask for one, and a report.

        Parameters
        ----------
        source_of : callable
            From a seed to the blocks of a model's rows, not refined.
        split : HoldOut
            Real rows.
        layout : Layout
        seed : int
            Of the fit; rows to learn from are not those of any sample of the same seed.
        force : bool
            Whether a correction is kept even where it is not sure to help.
        cancelled : callable
            Asked now and then whether to give up.

        Raises
        ------
        Cancelled
            If it was cancelled.
        """
        other = derive_seed(seed, "correction")
        source = self._mapped(source_of(other))
        real, judging = (split.all, None) if split.refit else (split.training, split.rows)
        found = fit_correction(
            source, real, layout, seed, judging, force=force, cancelled=cancelled
        )
        return replace(self, correction=found.correction, sweep=found.sweep), found.words

    def refined(self, source: BlockSource, seed: int, violates_zeros: ViolatesZeros) -> BlockSource:
        """Return a source of refined rows; block b depends on the given source, the seed and b.

        Parameters
        ----------
        source : callable
            From a number to a block of a model's rows.
        seed : int
            Of the sample.
        violates_zeros : callable
            Says which rows combine what never occurs together: others take their place.
        """
        mapped = self._mapped(source)
        if self.correction is None:
            chosen = partial(_without_zeros, mapped, lru_cache(1)(mapped), violates_zeros)
        else:
            chosen = partial(self._chosen, self.correction, mapped, seed, violates_zeros)
        if self.sweep is None:
            return chosen
        sweep = self.sweep
        return lambda number: sweep.applied(chosen(number), seed, number, violates_zeros)

    def _mapped(self, source: BlockSource) -> BlockSource:
        margins = self.margins
        return source if margins is None else lambda number: margins.applied(source(number))

    @staticmethod
    def _chosen(
        correction: Correction,
        source: BlockSource,
        seed: int,
        violates_zeros: ViolatesZeros,
        number: int,
    ) -> SampledRows:
        """Return a block of rows chosen from several."""
        size = correction.pool
        parts = [source(number * size + k) for k in range(size)]
        pool = SampledRows(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        rows = len(parts[0].numbers)
        return correction.selected(pool, rows, seed, number, violates_zeros(pool))

    def state(self) -> Learned:
        """Return what was fitted as plain arrays."""
        parts = {"margins": self.margins, "correction": self.correction, "sweep": self.sweep}
        return Learned(
            {},
            {
                f"{prefix}/{name}": array
                for prefix, part in parts.items()
                if part is not None
                for name, array in part.state().arrays.items()
            },
        )

    @classmethod
    def from_state(cls, state: Learned, layout: Layout) -> Refinement:
        """Make a refinement from what `state` gave.

        Raises
        ------
        ModelFileError
            If an array is missing, or not of the kind and size that the layout needs.
        """

        def under(prefix: str) -> Learned | None:
            begin = f"{prefix}/"
            arrays = {
                k.removeprefix(begin): a for k, a in state.arrays.items() if k.startswith(begin)
            }
            return Learned({}, arrays) if arrays else None

        margins, correction, sweep = map(under, ("margins", "correction", "sweep"))
        return cls(
            None if margins is None else MarginMap.from_state(margins, layout),
            None if correction is None else Correction.from_state(correction, layout),
            None if sweep is None else GibbsSweep.from_state(sweep, layout),
        )


def _without_zeros(
    source: BlockSource, shared: BlockSource, violates_zeros: ViolatesZeros, number: int
) -> SampledRows:
    """Return a block with spare rows in place of those that combine what never occurs together.

    Some blocks share a block of spare rows, of which each has its own part; one in which many rows
    are to be replaced has a few whole blocks for itself. Rows for which these do not suffice stay.
    """
    rows = source(number)
    bad = np.flatnonzero(violates_zeros(rows))
    part = len(rows.numbers) // _SHARING
    if not len(bad):
        return rows
    numbers, levels = rows.numbers.copy(), rows.levels.copy()
    for spare in _spare_rows(source, shared, number, part, few=2 * len(bad) <= part):
        good = np.flatnonzero(~violates_zeros(spare))[: len(bad)]
        filled, bad = bad[: len(good)], bad[len(good) :]
        numbers[filled], levels[filled] = spare.numbers[good], spare.levels[good]
        if not len(bad):
            break
    return SampledRows(numbers, levels)


def _spare_rows(
    source: BlockSource, shared: BlockSource, number: int, part: int, *, few: bool
) -> Iterator[SampledRows]:
    """Yield rows that may stand in for others of a block, where `few` are needed a small part."""
    if few:
        begin = number % _SHARING * part
        whole = shared(_SPARE + number // _SHARING)
        yield SampledRows(*(array[begin : begin + part] for array in whole))
    for turn in range(_TURNS):
        yield source(_MANY_SPARE + turn * _EACH_TURN + number)
