"""The engine of images that is a model of a table: principal components and the class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.numerics import Floats32
from lookalike.encoding import EncodedRows
from lookalike.models import ArchiveParts, Synthesizer, build, find_synthesizer, take_apart
from lookalike.training import History

__all__ = ["ComponentsEngine"]

_CLASS = "class"


@dataclass(frozen=True)
class ComponentsEngine:
    """Images as sums of a mean and of principal components, whose weights are rows of a table.

    Parameters
    ----------
    mean : ndarray, shape (pixels,)
    directions : ndarray, shape (components, pixels)
        Of length 1, the one of greatest variance first.
    table : Synthesizer
        The model of the weights, and of the code of the class if there are classes.
    classes : int
        The number of classes; 0 without.
    """

    mean: Floats32
    directions: Floats32
    table: Synthesizer
    classes: int

    @property
    def history(self) -> History:
        """The record of the fit of the table."""
        return self.table.history_

    @classmethod
    def fit(cls, rows: EncodedRows, components: int, family: str, classes: int, seed: int) -> Self:
        """Learn the components and the table.

        Parameters
        ----------
        rows : EncodedRows
            Pixels in [-1, 1], and codes of classes.
        components : int
            The greatest number of components.
        family : str
            The family of the model of the table.
        classes : int
        seed : int
        """
        mean = rows.floats.mean(axis=0)
        _, _, directions = np.linalg.svd(rows.floats - mean, full_matrices=False)
        directions = directions[: min(components, len(rows.floats) - 1)]
        weights = (rows.floats - mean) @ directions.T
        columns = {f"component {k}": weights[:, k].astype(float) for k in range(len(directions))}
        kinds = dict.fromkeys(columns, "continuous")
        if classes:
            columns[_CLASS] = rows.codes[:, 0]
            kinds[_CLASS] = "categorical"
        model = find_synthesizer(family)()
        options = {"random_state": seed, "min_category_count": 1, "derive": False}
        known = model.get_params()
        model.set_params(**{name: value for name, value in options.items() if name in known})
        model.fit(pa.table(columns), kinds=kinds, target=_CLASS if classes else None)
        return cls(mean, directions, model, classes)

    def block(
        self, seed: int, number: int, count: int, code: int | None
    ) -> tuple[Floats32, np.ndarray]:
        """Return a block of images as rows in [-1, 1], and the codes of their classes.

        Parameters
        ----------
        seed, number : int
            The seed and the number of the block, on which its images depend alone.
        count : int
            The number of its images.
        code : int or None
            The class of all; by default classes have their shares.
        """
        given = None if code is None else {_CLASS: code}
        table = self.table.sample(count, given=given, random_state=seed, start=number * count)
        weights = np.stack(
            [table[f"component {k}"].to_numpy() for k in range(len(self.directions))], axis=1
        )
        codes = table[_CLASS].to_numpy() if self.classes else np.zeros(count)
        pixels = self.mean + weights.astype(np.float32) @ self.directions
        return pixels, codes.astype(np.int32)

    def state(self) -> Learned:
        """Return the learned state."""
        parts = take_apart(self.table)
        arrays = {f"table/{name}": array for name, array in parts.arrays.items()}
        arrays |= {"mean": self.mean, "directions": self.directions}
        return Learned({"manifest": parts.manifest, "encoding": parts.encoding}, arrays)

    @classmethod
    def from_state(cls, state: Learned, pixels: int, classes: int) -> Self:
        """Restore an engine, whose state may be damaged."""
        arrays = {
            name.removeprefix("table/"): array
            for name, array in state.arrays.items()
            if name.startswith("table/")
        }
        values = state.values
        table = build(ArchiveParts(dict(values["manifest"]), dict(values["encoding"]), arrays))
        mean = np.asarray(state.arrays["mean"], np.float32)
        directions = np.asarray(state.arrays["directions"], np.float32)
        names = [f"component {k}" for k in range(len(directions))]
        names += [_CLASS] if classes else []
        fits = mean.shape == (pixels,) and directions.shape[1:] == (pixels,)
        if not fits or list(table.schema_.names) != names:
            raise ValueError("the components of its images are damaged")
        return cls(mean, directions, table, classes)
