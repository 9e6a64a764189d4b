"""A truncated vine of pair copulas: fitted, drawn from, and stored as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from lookalike._core.errors import ModelFileError
from lookalike._core.optional import require
from lookalike.encoding import Learned

__all__ = ["Vine"]

#: The families of pair copulas, by their names in pyvinecopulib.
_FAMILIES = ("indep", "gaussian", "tll")
#: A variable whose values have a mean share of at least this is discrete.
_COARSE = 0.02
#: The fewest present cells by which a variable is related to others.
_FEWEST = 20
#: The least distance of uniform numbers from 0 and 1.
_LEAST = 1e-10


@dataclass(frozen=True)
class Vine:
    """The joint distribution of uniform variables.

    Parameters
    ----------
    variables : int
    model : pyvinecopulib.Vinecop or None
        None where there is one variable, or none.
    """

    variables: int
    model: Any

    @classmethod
    def fit(
        cls,
        cells: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
        trees: int,
        rng: np.random.Generator,
    ) -> Vine:
        """Choose the structure and the copulas of pairs.

        Parameters
        ----------
        cells : sequence of tuple of ndarray, shape (rows,)
            For each variable, the cumulative probabilities between which each value lies, and
            whether it is present; each pair is fitted by the rows in which both are.
        trees : int
            The greatest number of trees.
        rng : numpy.random.Generator
            It places the values of variables that are not discrete within their intervals.
        """
        count = len(cells)
        if count < 2 or len(cells[0][0]) < _FEWEST:
            return cls(count, None)
        vines = _library()
        kinds, upper, lower = [], [], []
        for low, high, present in cells:
            placed = low + (high - low) * rng.random(len(low))
            # A variable that is hardly ever present is independent of the others.
            if present.sum() < _FEWEST:
                present, placed = np.ones_like(present), rng.random(len(low))
                low = high = placed
            coarse = (high[present] - low[present]).mean() >= _COARSE
            kinds.append("d" if coarse else "c")
            upper.append(np.where(present, high if coarse else placed, np.nan))
            lower += [np.where(present, low, np.nan)] if coarse else []
        whole = np.clip(np.stack([*upper, *lower], axis=1), _LEAST, 1 - _LEAST)
        controls = vines.FitControlsVinecop(
            family_set=[getattr(vines.families, name) for name in _FAMILIES],
            trunc_lvl=min(trees, count - 1),
            tree_criterion="hoeffd",  # it sees dependence that is not monotone
            num_threads=1,
        )
        model = vines.Vinecop.from_data(whole, var_types=kinds, controls=controls)
        return cls(count, _continuous(vines, model))

    def drawn(
        self, uniforms: Float[np.ndarray, "rows variables"]
    ) -> Float[np.ndarray, "rows variables"]:
        """Return draws of the variables from independent uniform numbers, row by row."""
        inside = np.clip(uniforms, _LEAST, 1 - _LEAST)
        if self.model is None:
            return np.asarray(inside)
        drawn = self.model.inverse_rosenblatt(inside, num_threads=1)
        return np.asarray(np.clip(drawn, _LEAST, 1 - _LEAST))

    def state(self) -> Learned:
        """Return the vine as plain values and arrays."""
        if self.model is None:
            return Learned({"trees": []})
        trees, arrays = [], {"matrix": np.asarray(self.model.matrix, np.int32)}
        for t, pairs in enumerate(self.model.pair_copulas):
            trees.append([[pair.family.name, int(pair.rotation)] for pair in pairs])
            for e, pair in enumerate(pairs):
                arrays[f"pair {t} {e}"] = np.asarray(pair.parameters, float)
        return Learned({"trees": trees}, arrays)

    @classmethod
    def from_state(cls, state: Learned, variables: int) -> Vine:
        """Restore a vine from its `state`.

        Parameters
        ----------
        state : Learned
        variables : int
            The number of variables.

        Raises
        ------
        ModelFileError
            If it is no vine of so many variables.
        """
        trees = state.values.get("trees")
        if not isinstance(trees, list) or not all(isinstance(pairs, list) for pairs in trees):
            raise _damaged()
        if not trees:
            return cls(variables, None)
        if [len(pairs) for pairs in trees] != [variables - 1 - t for t in range(len(trees))]:
            raise _damaged()
        matrix = state.arrays.get("matrix")
        if matrix is None or matrix.shape != (variables, variables) or (matrix < 0).any():
            raise _damaged()
        vines = _library()
        try:  # the library checks structures and parameters, but not that these are finite
            pairs = [list(_pairs(vines, state, t, names)) for t, names in enumerate(trees)]
            model = _built(vines, matrix, pairs)
        except (RuntimeError, TypeError, ValueError) as error:
            raise _damaged() from error
        if model.trunc_lvl != len(trees):
            raise _damaged()
        return cls(variables, model)


def _library() -> Any:
    return require("pyvinecopulib", "A vine copula", "It comes with lookalike[copula].")


def _built(vines: Any, matrix: np.ndarray, pairs: Sequence[Sequence[Any]]) -> Any:
    """Return a vine of continuous variables."""
    structure = vines.RVineStructure.from_matrix(np.asarray(matrix, np.uint64))
    return vines.Vinecop.from_structure(structure=structure, pair_copulas=pairs)


def _pair(vines: Any, family: str, rotation: int, parameters: np.ndarray) -> Any:
    given = {"parameters": parameters} if parameters.size else {}
    kind = getattr(vines.families, family)
    return vines.Bicop.from_family(family=kind, rotation=rotation, **given)


def _continuous(vines: Any, model: Any) -> Any:
    """Return a fitted vine of uniform variables, of which discrete cells are intervals."""
    pairs = [
        [_pair(vines, p.family.name, p.rotation, np.asarray(p.parameters)) for p in tree]
        for tree in model.pair_copulas
    ]
    return _built(vines, model.matrix, pairs)


def _pairs(vines: Any, state: Learned, tree: int, names: Sequence[Any]) -> Iterator[Any]:
    """Yield the stored pair copulas of a tree, after checking them."""
    for edge, (family, rotation) in enumerate(names):
        parameters = state.arrays.get(f"pair {tree} {edge}")
        if family not in _FAMILIES or parameters is None or not np.isfinite(parameters).all():
            raise _damaged()
        yield _pair(vines, family, rotation, np.asarray(parameters, float))


def _damaged() -> ModelFileError:
    return ModelFileError("The vine of a vine copula is damaged.")
