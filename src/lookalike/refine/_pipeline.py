"""The refinement of a model's rows: fitted once, then applied to each block."""

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

#: From rows to those that have structural zeros: combinations that never occur.
ViolatesZeros = Callable[[SampledRows], Bool[np.ndarray, " rows"]]

#: The first numbers of shared blocks of spare rows, and of those for a single block.
_SPARE, _MANY_SPARE = 2**31, 2**31 + 2**30
#: The number of spare blocks that a single block may have, and the gap between their numbers.
_TURNS, _EACH_TURN = 4, 2**27
#: The number of blocks that share a block of spare rows.
_SHARING = 8


class Refine(Group):
    """Options for refining the rows of a fitted model so that they come closer to real ones.

    Parameters
    ----------
    calibrate : bool
        Whether to calibrate the marginals of generated rows to those of the training table.
    correct : bool or None
        Whether to correct the joint distribution by boosted trees. They estimate the density ratio
        of real and generated rows, by which rows are selected from two to six times as many
        candidates; and they resample columns of few categories given all other columns. None
        applies each of the two if it helps on held-out rows, True selects rows wherever the trees
        find a difference, False does neither. Both need at least 200 rows, and make sampling two to
        six times slower.

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
    """The fitted refinement of a model's rows; a step that is None is skipped.

    Parameters
    ----------
    margins : MarginMap or None
        Maps numbers to the marginals of the training table.
    correction : Correction or None
        Selects rows from a pool of candidates.
    sweep : GibbsSweep or None
        Resamples categories of the selected rows.
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
        """Return the refinement with a correction if it helps on held-out rows, and a report.

        Parameters
        ----------
        source_of : callable
            From a seed to the source of a model's rows, unrefined.
        split : HoldOut
            Real rows.
        layout : Layout
        seed : int
            The seed of the fit; the generated rows are not those of a sample with the same seed.
        force : bool
            Whether to keep a correction that is not certain to help.
        cancelled : callable
            Returns whether to give up; called from time to time.

        Raises
        ------
        Cancelled
            If it was cancelled.
        """
        other = derive_seed(seed, "correction")
        source = self._mapped(source_of(other))
        real, judging = (split.all, None) if split.refit else (split.training, split.rows)
        fitted = fit_correction(
            source, real, layout, seed, judging, force=force, cancelled=cancelled
        )
        return replace(self, correction=fitted.correction, sweep=fitted.sweep), fitted.words

    def refined(self, source: BlockSource, seed: int, violates_zeros: ViolatesZeros) -> BlockSource:
        """Return a source of refined rows; block b depends on the given source, the seed and b.

        Parameters
        ----------
        source : callable
            From a number to a block of a model's rows.
        seed : int
            The seed of the sample.
        violates_zeros : callable
            From rows to those with structural zeros, which are replaced.
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
        """Return a block of rows selected from a pool of several blocks."""
        size = correction.pool
        parts = [source(number * size + k) for k in range(size)]
        pool = SampledRows(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        rows = len(parts[0].numbers)
        return correction.selected(pool, rows, seed, number, violates_zeros(pool))

    def state(self) -> Learned:
        """Return the fitted steps as plain arrays."""
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
    """Return a block in which spare rows replace those with structural zeros.

    Several blocks share a block of spare rows, each its own part; a block in which many rows must
    be replaced has a few spare blocks to itself. Rows for which these do not suffice are kept.
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
    """Yield spare rows for a block, first its part of a shared block if `few` are needed."""
    if few:
        begin = number % _SHARING * part
        whole = shared(_SPARE + number // _SHARING)
        yield SampledRows(*(array[begin : begin + part] for array in whole))
    for turn in range(_TURNS):
        yield source(_MANY_SPARE + turn * _EACH_TURN + number)
