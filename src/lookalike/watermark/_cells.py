"""Cells as keyed numbers, the same for a dataframe, a CSV and a Parquet file of the same rows."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike.tables import cell_texts

__all__ = ["CellHashes", "Hashes", "keyed_number"]

Hashes = npt.NDArray[np.uint64]

#: Numbers count by so many significant digits: rounding and another way to write them is no change.
_DIGITS = 3
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?")
#: Dates count by their days, with or without a time.
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})[ t]\d{2}:\d{2}.*")
#: What numbers may have around them in text.
_ORNAMENT = re.compile(r"[\s,_'$€£%]")
#: Codes of cells that are no finite numbers.
_INFINITE, _MINUS_INFINITE, _MISSING = 2**40, 2**40 + 1, 2**40 + 2


def keyed_number(key: bytes, *parts: str) -> int:
    """Return 64 bits that look random to whoever does not have the key."""
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, key=key, digest_size=8).digest(), "big")


class CellHashes:
    """Turns columns into keyed numbers of their cells, and remembers those it has met.

    Parameters
    ----------
    key : bytes
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[tuple[str, int | str], int] = {}

    def of_table(self, table: pa.Table) -> dict[str, Hashes]:
        """Return the keyed numbers of all columns by name."""
        return {name: self.of(table[name], name) for name in table.column_names}

    def of(self, column: pa.ChunkedArray, name: str) -> Hashes:
        """Return a keyed number of each cell; shape (rows,).

        Parameters
        ----------
        column : pyarrow.ChunkedArray
        name : str
        """
        kind = column.type
        if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
            floats = column.cast(pa.float64(), safe=False).to_numpy()
            codes, places = np.unique(_codes(floats), return_inverse=True)
            tokens: list[int | str] = codes.tolist()
        else:
            texts = pc.dictionary_encode(cell_texts(column, name)).combine_chunks()
            texts = texts.chunk(0) if isinstance(texts, pa.ChunkedArray) else texts
            tokens = [*map(_token, texts.dictionary.to_pylist()), _MISSING]
            places = texts.indices.fill_null(len(tokens) - 1).to_numpy()
        numbers = np.array([self._number(name, one) for one in tokens], np.uint64)
        return np.asarray(numbers[places.reshape(-1)])

    def _number(self, name: str, token: int | str) -> int:
        place = (name, token)
        if place not in self._known:
            self._known[place] = keyed_number(self._key, "cell", name, repr(token))
        return self._known[place]


def _token(text: str) -> int | str:
    """Return a text as it counts: that of a number as the number."""
    plain = text.strip().lower()
    if not plain:
        return _MISSING  # CSV files of other programs do not tell the two apart
    number = _ORNAMENT.sub("", plain)
    if _NUMBER.fullmatch(number):
        return int(_codes(np.array([float(number)]))[0])
    date = _DATE.fullmatch(plain)
    return plain if date is None else date[1]


def _codes(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return numbers by sign, power of ten and leading digits; NaN is missing."""
    finite = np.isfinite(values) & (values != 0)
    size = np.abs(np.where(finite, values, 1.0))
    power = np.floor(np.log10(size)).astype(np.int64)
    # Two steps, for powers beyond the range of floats.
    half = power // 2
    leading = np.rint(size / 10.0**half / 10.0 ** (power - half) * 10 ** (_DIGITS - 1))
    leading = leading.astype(np.int64)
    over = leading >= 10**_DIGITS
    power, leading = power + over, np.where(over, 10 ** (_DIGITS - 1), leading)
    codes = np.sign(np.where(finite, values, 0)).astype(np.int64) * (
        (power + 400) * 10**_DIGITS + leading
    )
    codes[values == np.inf] = _INFINITE
    codes[values == -np.inf] = _MINUS_INFINITE
    codes[np.isnan(values)] = _MISSING
    return np.asarray(codes, np.int64)
