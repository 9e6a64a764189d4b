"""The correction of a generator: which of the rows it makes are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from lookalike.encoding import Layout, Learned, Rows, SampledRows
from lookalike.refine._arrays import cells_of, damaged, taken, trees_of
from lookalike.refine._binning import Binning, Codes
from lookalike.refine._choose import choose
from lookalike.refine._forest import UNIT, Forest
from lookalike.refine._raking import balanced

__all__ = ["HIGHEST", "LOWEST", "Correction", "clipped"]

#: Log ratios are held within these limits: a row counts for 20 at most.
LOWEST, HIGHEST = -5.0, float(np.log(20.0))
#: What is left of the weight of a row that cannot be.
_IMPOSSIBLE = 1e-9
#: What a model file may ask to be made for each row.
_LARGEST_POOL = 64
#: What a model file may ask to be looked up for each row: more than is ever grown.
_MOST_TREES = 4_096


def clipped(logs: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
    """Return log ratios held within what a row may count for."""
    return np.asarray(np.clip(logs, LOWEST, HIGHEST))


@dataclass(frozen=True)
class Correction:
    """Keeps generated rows by weights that trees give them.

    A row's weight is its density ratio of real to generated rows, as trees tell it, times a factor
    for each of its cells that restores the marginals. Of `pool` times as many rows as are wanted,
    a fixed number is kept, by weight and none twice (discriminator rejection sampling: Azadi et
    al. 2019, arXiv 1810.06758; as importance resampling), so that the marginals of each block are
    those due.

    Parameters
    ----------
    cells : Binning
        What the trees see of a row.
    forest : Forest
        The log ratio by its trees, and the log factors of cells by its terms.
    due : ndarray of float32, shape (all cells,)
        The share of each cell among the rows of a block.
    pool : int
        How many rows are made for each row that is kept. The more, the fewer weights ask for a
        chance above 1.
    """

    cells: Binning
    forest: Forest
    due: Float[np.ndarray, " cells"]
    pool: int

    def log_weights(self, codes: Codes) -> Float[np.ndarray, " rows"]:
        """Return the log weights of generated rows by their cells."""
        trees, terms = self.forest.sums(codes)
        return np.asarray(clipped(trees) + terms)

    def selected(
        self,
        pool: SampledRows,
        rows: int,
        seed: int,
        number: int,
        impossible: Bool[np.ndarray, " pool"] | None = None,
    ) -> SampledRows:
        """Return the rows of a block that are selected from its pool, in its order.

        Parameters
        ----------
        pool : SampledRows
            More rows than `rows`, each drawn by itself: their order is random.
        rows : int
            The rows of a block.
        seed, number : int
            The seed of the sample, and the block's number: the choice depends on them and the
            pool alone.
        impossible : ndarray of bool, shape (pool rows,), optional
            Rows that are kept only if there are too few others.
        """
        codes = self.cells.of_drawn(pool)
        weights = np.exp(self.log_weights(codes))
        if impossible is not None:
            weights[impossible] *= _IMPOSSIBLE
        weights = balanced(weights, rows, codes, np.split(self.due, self.cells.starts[1:]))
        if impossible is not None:
            weights[impossible] *= _IMPOSSIBLE  # balancing may have raised them
        start = Rows(number, seed).of("correction").uniforms(np.arange(1))
        at = choose(weights, rows, float(start[0]))
        return SampledRows(pool.numbers[at], pool.levels[at])

    def state(self) -> Learned:
        """Return the correction as plain arrays."""
        arrays = {
            **self.cells.arrays(),
            **self.forest.arrays(),
            "terms": self.forest.terms,
            "due": self.due,
            "pool": np.array([self.pool], np.int32),
        }
        return Learned({}, arrays)

    @classmethod
    def from_state(cls, state: Learned, layout: Layout) -> Correction:
        """Make a correction from what `state` gave.

        Raises
        ------
        ModelFileError
            If an array is missing, or not of the kind and size that the layout needs.
        """
        cells = cells_of(state, layout)
        size = sum(cells.sizes)
        masks, values = trees_of(state, cells)
        if len(values) > _MOST_TREES:
            raise damaged("values")
        terms = taken(state, "terms", np.int32, (size,))
        if len(values) == 0 or np.abs(terms.astype(np.int64)).max() > 2**8 * UNIT:
            raise damaged("terms")
        due = taken(state, "due", np.float32, (size,))
        if due.min() < 0 or due.max() > 1:
            raise damaged("due")
        pool = int(taken(state, "pool", np.int32, (1,))[0])
        if not 2 <= pool <= _LARGEST_POOL:
            raise damaged("pool")
        return cls(cells, Forest(cells.sizes, masks, values, terms), due, pool)
