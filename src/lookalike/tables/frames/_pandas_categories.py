"""pandas categories to Arrow dictionaries and back, with their order and unused categories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import DataError
from lookalike.tables._arrow_types import from_json, parse_type, to_json
from lookalike.tables.frames._origin import ColumnOrigin

__all__ = ["categories_to_arrow", "take_categories"]

ToArrow = Callable[[Any, str], tuple[pa.Array, dict[str, Any]]]
ToSeries = Callable[[Any, pa.ChunkedArray, ColumnOrigin], Any]

_JSON_TYPES = (str, int, float, bool)


def categories_to_arrow(
    series: Any, name: str, to_arrow: ToArrow
) -> tuple[pa.DictionaryArray, dict[str, Any]]:
    """Turn a categorical column into a dictionary array and a description of its dtype.

    Categories that are not of one plain type (intervals, text beside numbers) are carried in the
    dictionary as text.

    Parameters
    ----------
    series : pandas.Series of category dtype, shape (n,)
        The column.
    name : str
        Its name.
    to_arrow : callable
        The conversion of a series of plain values to an array and its dtype, for the categories.

    Returns
    -------
    array : pyarrow.DictionaryArray, shape (n,)
        The array, with the codes of pandas.
    dtype : dict
        The dtype, JSON-ready.
    """
    categories = series.cat.categories
    if type(categories.dtype).__name__ == "IntervalDtype":
        labels, dtype = _intervals_to_arrow(categories, name, to_arrow)
    elif categories.inferred_type.startswith("mixed"):
        labels, dtype = _mixed_to_arrow(list(categories), name)
    else:
        labels, dtype = _plain_to_arrow(categories, name, to_arrow)
    codes = series.cat.codes.to_numpy()
    array = pa.DictionaryArray.from_arrays(
        pa.array(codes.astype("int32"), mask=codes < 0), labels, ordered=bool(series.cat.ordered)
    )
    return array, {"kind": "category", "ordered": bool(series.cat.ordered), "categories": dtype}


def take_categories(
    pd: Any,
    column: pa.ChunkedArray,
    was: ColumnOrigin,
    to_series: ToSeries,
) -> Any:
    """Turn a dictionary column back into the categorical column of `categories_to_arrow`.

    Parameters
    ----------
    pd : module
        pandas.
    column : pyarrow.ChunkedArray of dictionary type, shape (n,)
        Its values must be among the categories.
    was : ColumnOrigin
        The origin of the column.
    to_series : callable
        The conversion of a plain column to a series, for the categories.

    Returns
    -------
    pandas.Series of category dtype, shape (n,)
        The column.

    Raises
    ------
    DataError
        If a value is not one of the categories.
    """
    dtype = was.dtype["categories"]
    if was.dtype.get("open") and dtype["form"] == "plain":
        dtype = _with_others(dtype, column)
    labels, categories = _FROM_DICT[dtype["form"]](pd, dtype, was.name, to_series)
    chunks = [_codes(chunk, labels, was.name) for chunk in column.chunks]
    codes = pa.chunked_array(chunks, type=pa.int32()).to_numpy()
    values = pd.Categorical.from_codes(codes, categories, ordered=was.dtype["ordered"])
    return pd.Series(values, copy=False)


def _with_others(dtype: dict[str, Any], column: pa.ChunkedArray) -> dict[str, Any]:
    """Return plain categories, without removed rare ones, followed by new ones, in order."""
    labels = from_json(dtype["values"], parse_type(dtype["arrow"]))
    found = pc.unique(column.cast(labels.type)).drop_null()
    found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    others = found.filter(pc.invert(pc.is_in(found, labels))).sort()
    return {**dtype, "values": to_json(pa.concat_arrays([labels, others]))}


def _codes(chunk: pa.DictionaryArray, labels: pa.Array, name: str) -> pa.Array:
    """Return the position of each value among `labels`, -1 where it is missing."""
    places = pc.index_in(chunk.dictionary.cast(labels.type), value_set=labels)
    codes = places.take(chunk.indices)
    if codes.null_count > chunk.null_count:
        strange = chunk.filter(pc.and_(codes.is_null(), chunk.is_valid()))[0].as_py()
        raise DataError(
            f"Column {name!r} can hold its own categories only, not {strange!r}: add it to "
            "the categories before fitting."
        )
    return codes.fill_null(-1)


# --- categories of one plain type -----------------------------------------------------------------


def _plain_to_arrow(
    categories: Any, name: str, to_arrow: ToArrow
) -> tuple[pa.Array, dict[str, Any]]:
    labels, dtype = to_arrow(categories.to_series(), f"{name} (its categories)")
    if isinstance(labels, pa.ChunkedArray):
        labels = labels.combine_chunks()
    if pt.is_null(labels.type):  # no categories at all
        labels = labels.cast(pa.string())
    if pt.is_dictionary(labels.type) or pt.is_binary(labels.type):
        raise DataError(
            f"Column {name!r} has categories of type {labels.type}, which cannot be kept: convert "
            "them to text."
        )
    kept = {"arrow": str(labels.type), "dtype": dtype, "values": to_json(labels)}
    return labels, {"form": "plain", **kept}


def _plain_from_dict(
    pd: Any,
    dtype: dict[str, Any],
    name: str,
    to_series: ToSeries,
) -> tuple[pa.Array, Any]:
    labels = from_json(dtype["values"], parse_type(dtype["arrow"]))
    was = ColumnOrigin(name, dtype["arrow"], dtype["dtype"])
    return labels, pd.Index(to_series(pd, pa.chunked_array([labels]), was))


# --- intervals, such as pandas.cut gives ----------------------------------------------------------


def _intervals_to_arrow(
    categories: Any, name: str, to_arrow: ToArrow
) -> tuple[pa.Array, dict[str, Any]]:
    _, left = _plain_to_arrow(categories.left, name, to_arrow)
    _, right = _plain_to_arrow(categories.right, name, to_arrow)
    labels = pa.array([str(interval) for interval in categories], pa.string())
    return labels, {"form": "intervals", "closed": categories.closed, "left": left, "right": right}


def _intervals_from_dict(
    pd: Any,
    dtype: dict[str, Any],
    name: str,
    to_series: ToSeries,
) -> tuple[pa.Array, Any]:
    _, left = _plain_from_dict(pd, dtype["left"], name, to_series)
    _, right = _plain_from_dict(pd, dtype["right"], name, to_series)
    categories = pd.IntervalIndex.from_arrays(left, right, closed=dtype["closed"])
    return pa.array([str(interval) for interval in categories], pa.string()), categories


# --- text beside numbers --------------------------------------------------------------------------


def _mixed_to_arrow(categories: list[Any], name: str) -> tuple[pa.Array, dict[str, Any]]:
    labels = [str(value) for value in categories]
    plain = all(type(value) in _JSON_TYPES for value in categories)
    if not plain or len(set(labels)) < len(labels):
        raise DataError(
            f"Column {name!r} has categories of several types that cannot be told apart as text: "
            f"{categories!r:.80}. Convert them to text first."
        )
    return pa.array(labels, pa.string()), {"form": "mixed", "values": categories}


def _mixed_from_dict(
    pd: Any,
    dtype: dict[str, Any],
    name: str,  # noqa: ARG001 - one signature for all forms
    to_series: ToSeries,  # noqa: ARG001
) -> tuple[pa.Array, Any]:
    labels = [str(value) for value in dtype["values"]]
    return pa.array(labels, pa.string()), pd.Index(dtype["values"], dtype=object)


_FROM_DICT = {
    "plain": _plain_from_dict,
    "intervals": _intervals_from_dict,
    "mixed": _mixed_from_dict,
}
