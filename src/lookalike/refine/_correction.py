"""The correction of a generator: rejection of rows by an estimated density ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from lookalike.encoding import Layout, Learned, Rows, SampledRows
from lookalike.refine._arrays import cells_of, damaged, taken, trees_of
from lookalike.refine._binning import Binning, Codes
from lookalike.refine._choose import choose
from lookalike.refine._forest import UNIT, CellForest
from lookalike.refine._raking import balanced

__all__ = ["HIGHEST", "LOWEST", "Correction", "clipped"]

#: The limits to which log ratios are clipped: a row has a weight of at most 20.
LOWEST, HIGHEST = -5.0, float(np.log(20.0))
#: The factor of the weights of rows with structural zeros.
_IMPOSSIBLE = 1e-9
#: The maximum pool in a model file.
_LARGEST_POOL = 64
#: The maximum number of trees in a model file, more than are ever grown.
_MOST_TREES = 4_096


def clipped(logs: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
    """Return log ratios clipped to their limits."""
    return np.asarray(np.clip(logs, LOWEST, HIGHEST))


@dataclass(frozen=True)
class Correction:
    """Selection of generated rows by weights from boosted trees.

    A row's weight is the density ratio of real to generated rows, estimated by trees, times a
    factor for each of its cells that restores the marginals. From `pool` times as many rows as
    needed, a fixed number is selected by weight, without replacement (discriminator rejection
    sampling: Azadi et al. 2019, arXiv 1810.06758; as importance resampling), such that each block
    has the target marginals.

    Parameters
    ----------
    cells : Binning
        The discretisation of rows for the trees.
    forest : CellForest
        The log ratio as its trees, and the log factors of cells as its terms.
    due : ndarray of float32, shape (all cells,)
        The target share of each cell among the rows of a block.
    pool : int
        The number of rows generated for each row that is selected. With a larger pool, fewer
        weights call for an inclusion probability above 1.
    """

    cells: Binning
    forest: CellForest
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
            More rows than `rows`, drawn independently, so that their order is random.
        rows : int
            The number of rows of a block.
        seed, number : int
            The seed of the sample, and the block's number: the selection depends on them and the
            pool alone.
        impossible : ndarray of bool, shape (pool rows,), optional
            Rows with structural zeros, which are selected only if there are too few others.
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
        """Restore a correction from its `state`.

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
        return cls(cells, CellForest(cells.sizes, masks, values, terms), due, pool)
