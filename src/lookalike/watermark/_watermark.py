"""`Watermark`: of several candidates for a row, the one whose cells the key likes best.

After MUSE (Fang et al. 2025, arXiv 2505.24267). NOTE: differs from the paper: sets of up to nine
columns have scores, sets of cells that come often have none, and each set of cells counts once.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from math import erfc, sqrt
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, OutputError, ParameterError
from lookalike._core.files import open_output
from lookalike._core.parameters import Number, check_parameters
from lookalike.tables import to_arrow
from lookalike.watermark._cells import CellHashes
from lookalike.watermark._preference import OFTEN, REFERENCE, Preference
from lookalike.watermark._sets import column_sets, mixed, scores_of, weight_of

__all__ = ["Watermark", "WatermarkTest"]

_RULES = {"candidates": Number(2, 64, integer=True)}
_KEY = re.compile(rb"lookalike-watermark:([0-9a-f]{64})\s*")
_KEY_BYTES = 32
#: The rows of a table that a test looks at, at most; the p-value below which a mark is found.
_MOST_ROWS, _LIMIT = 100_000, 1e-3


@dataclass(frozen=True)
class WatermarkTest:
    """The test of a table for a watermark.

    Parameters
    ----------
    p_value : float
        The probability of cells that the key likes as well or better, in a table without its mark.
    z : float
        How much the key likes the cells, in standard deviations from a table without its mark.
    rows : int
        The number of rows that were looked at.
    cell_sets : int
        The number of different sets of cells that were scored.
    """

    p_value: float
    z: float
    rows: int
    cell_sets: int

    @property
    def found(self) -> bool:
        """Whether the mark is there: one table in a thousand without it would seem to have it."""
        return self.p_value < _LIMIT

    def __str__(self) -> str:
        words = "found" if self.found else "not found"
        return f"watermark {words}: p = {self.p_value:.2g} ({self.rows:,} rows, z = {self.z:.1f})"


class Watermark:
    """A mark that generated rows carry in their choice, and that only its key can find.

    Of several candidates for each row, the one is taken whose cells a keyed function likes best: no
    cell is changed, and any family can carry the mark. Sets of cells that come often have no say,
    so that no frequent value becomes more or less frequent. A row still depends on model, seed,
    its number and the key alone.

    Parameters
    ----------
    key : bytes or path-like
        32 random bytes, or a file that `new` has written. Whoever has it can find the mark, and
        make rows that carry it.
    candidates : int
        The number of candidates for each row, 2 to 64: more make the mark clearer and generation
        that much slower.

    Raises
    ------
    ParameterError
        If the key cannot be read, or a parameter breaks its rule.

    Examples
    --------
    >>> import lookalike as la
    >>> model = la.Independent(random_state=0).fit(la.datasets.load("penguins"))
    >>> mark = la.Watermark(bytes(range(32)))
    >>> mark.test(model.sample(300, watermark=mark)).found
    True
    >>> mark.test(model.sample(300)).found
    False
    """

    def __init__(self, key: bytes | str | os.PathLike[str], candidates: int = 4) -> None:
        check_parameters("Watermark", _RULES, {"candidates": candidates})
        self._key = key if isinstance(key, bytes) else _read(key)
        if len(self._key) != _KEY_BYTES:
            raise ParameterError(
                f"The key of a watermark must have {_KEY_BYTES} bytes; got {len(self._key)}. "
                "Watermark.new(path) makes one."
            )
        self.candidates = int(candidates)

    def __repr__(self) -> str:
        return f"Watermark({self.name}, candidates={self.candidates})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Watermark):
            return NotImplemented
        return hmac.compare_digest(self._key, other._key) and self.candidates == other.candidates

    def __hash__(self) -> int:
        return hash((self._key, self.candidates))

    @classmethod
    def new(cls, path: str | os.PathLike[str], candidates: int = 4) -> Self:
        """Write a new key to a file, which only its owner may read.

        Parameters
        ----------
        path : str or path-like
            It may not exist.
        candidates : int
            As for the class.

        Returns
        -------
        Watermark

        Raises
        ------
        OutputError
            If the file exists or cannot be written.
        """
        if os.path.lexists(path):
            raise OutputError(f"A new key must not replace a file, but {os.fspath(path)!r} exists.")
        key = secrets.token_bytes(_KEY_BYTES)
        with open_output(path, private=True) as file:
            file.write(f"lookalike-watermark:{key.hex()}\n".encode())
        return cls(key, candidates)

    @classmethod
    def read(cls, given: Watermark | str | os.PathLike[str]) -> Watermark:
        """Return a watermark, or that of a key file.

        Parameters
        ----------
        given : Watermark or path-like

        Raises
        ------
        ParameterError
            If it is neither.
        """
        if isinstance(given, Watermark):
            return given
        if isinstance(given, str | os.PathLike):
            return cls(given)
        raise ParameterError(
            f"watermark must be a Watermark, the file of a key, or None; got {given!r}."
        )

    @property
    def name(self) -> str:
        """A name of the key, from which the key does not follow."""
        return "watermark:" + hmac.new(self._key, b"name", hashlib.sha256).hexdigest()[:16]

    def with_candidates(self, candidates: int) -> Watermark:
        """Return the mark of the same key with another number of candidates.

        Parameters
        ----------
        candidates : int

        Returns
        -------
        Watermark
        """
        return Watermark(self._key, candidates)

    def test(self, data: Any) -> WatermarkTest:
        """Test whether rows carry the mark: all rows, some of them, or some of their columns.

        Parameters
        ----------
        data : dataframe or path
            At most 100,000 rows of it are looked at, evenly spread.

        Returns
        -------
        WatermarkTest

        Raises
        ------
        DataError
            If there is no row.
        """
        table = to_arrow(data)[0]
        if not table.num_rows or not table.num_columns:
            raise DataError("A watermark is looked for in rows, but this table has none.")
        if table.num_rows > _MOST_ROWS:
            places = np.linspace(0, table.num_rows - 1, _MOST_ROWS).astype(np.int64)
            table = table.take(pa.array(places))
        cells = CellHashes(self._key).of_table(table)
        # Of equal rows, one is left: a table that was written twice carries the same mark.
        names = tuple(sorted(cells))
        kept = np.unique(
            mixed(self._key, names, [cells[name] for name in names]), return_index=True
        )[1]
        cells = {name: own[kept] for name, own in cells.items()}
        most = max(OFTEN * len(kept) // REFERENCE, 1)
        total, variance, count = 0.0, 0.0, 0
        for names in column_sets(self._key, table.column_names):
            made = mixed(self._key, names, [cells[name] for name in names])
            # Equal cells have equal scores: each set of cells counts once, however often it comes.
            different, times = np.unique(made, return_counts=True)
            rare = different[times <= most]
            total += weight_of(names) * float(scores_of(rare).sum())
            variance += weight_of(names) ** 2 * len(rare)
            count += len(rare)
        z = total / sqrt(variance) if count else 0.0
        return WatermarkTest(erfc(z / sqrt(2)) / 2, z, table.num_rows, count)

    def preference(self, reference: pa.Table, unmarked: Iterable[str] = ()) -> Preference:
        """Return the choice among candidates for the rows of a model.

        Parameters
        ----------
        reference : pyarrow.Table
            `REFERENCE` rows of the model, as they are written, which show what comes often.
        unmarked : iterable of str
            Columns whose cells depend on the number of a row, such as identifiers.

        Returns
        -------
        Preference
        """
        return Preference(self._key, reference, frozenset(unmarked))


def _read(path: str | os.PathLike[str]) -> bytes:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ParameterError(
            f"The key {os.fspath(path)!r} cannot be read: {error.strerror}."
        ) from error
    found = _KEY.fullmatch(content)
    if found is None:
        raise ParameterError(
            f"{os.fspath(path)!r} is no key of a watermark. lookalike watermark --new-key FILE "
            "makes one."
        )
    return bytes.fromhex(found[1].decode())
