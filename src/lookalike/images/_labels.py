"""The classes of images as arrays of plain numbers or text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lookalike._core.errors import DataError

__all__ = ["coded_labels", "plain_labels"]

_NUMBERS = (int, float, np.number, np.bool_)


def plain_labels(values: Any, count: int) -> np.ndarray:
    """Return labels as an array of numbers or of text, never of objects.

    Parameters
    ----------
    values : array-like, shape (count,)
    count : int
        The number of images.

    Returns
    -------
    ndarray, shape (count,)

    Raises
    ------
    DataError
        If a label is missing, all are the same, their number is another, or some are numbers and
        some text.
    """
    # numpy would turn the numbers of a mixed list into text, and a missing one into "nan".
    given = values if isinstance(values, np.ndarray) else np.asarray(values, _type_of(values))
    if given.shape != (count,):
        raise DataError(
            f"There must be one label for each of {count:,} images; got the shape {given.shape}."
        )
    missing = given.dtype.kind == "f" and np.isnan(given).any()
    if missing or (given.dtype == object and any(map(_is_missing, given))):
        raise DataError("Every image needs a label, but some are missing. Drop these images.")
    found = _of_objects(given) if given.dtype == object else given
    if found.dtype.kind not in "buifU":
        raise DataError(f"Labels must be numbers or text; got {found.dtype}.")
    if len(np.unique(found)) == 1:
        raise DataError(
            f"Labels must name at least two classes, but all are {found.tolist()[0]!r}. Leave "
            "labels out to learn images without classes."
        )
    return found


def _type_of(values: Any) -> type | None:
    """Return the type with which labels become an array: that of objects for lists."""
    return object if isinstance(values, list | tuple) else None


def _is_missing(value: Any) -> bool:
    try:
        return value is None or bool(value != value)
    except TypeError:  # the missing value of pandas equals nothing, and differs from nothing
        return True


def _of_objects(labels: np.ndarray) -> np.ndarray:
    """Return objects, as pandas has them, as an array of their one kind."""
    values = labels.tolist()
    text = [isinstance(value, str) for value in values]
    if all(text):
        return np.array(values, dtype=str)
    if any(text) or not all(isinstance(value, _NUMBERS) for value in values):
        kinds = " and ".join(sorted({type(value).__name__ for value in values})[:4])
        raise DataError(
            f"Labels must be all numbers or all text; got {kinds}. Convert them to text."
        )
    return np.asarray(values)


def coded_labels(groups: Sequence[tuple[str, np.ndarray]]) -> list[np.ndarray]:
    """Return several sorts of labels as numbers of the classes of the first sort.

    A number and text that shows it, such as the name of a folder, are the same class.

    Parameters
    ----------
    groups : sequence of (str, ndarray)
        What they are labels of, and plain labels.

    Returns
    -------
    list of ndarray of int

    Raises
    ------
    DataError
        If labels name a class that the first sort does not have.
    """
    labels = [found for _, found in groups]
    if len({found.dtype.kind == "U" for found in labels}) > 1:
        labels = [np.array([_word(value) for value in found.tolist()]) for found in labels]
    classes = np.unique(labels[0])
    for (name, _), found in zip(groups, labels, strict=True):
        others = np.setdiff1d(found, classes).tolist()
        if others:
            shown = ", ".join(map(repr, classes.tolist()[:10]))
            raise DataError(
                f"{name} images have the class {others[0]!r}, which {groups[0][0]} images do not "
                f"have. Their classes are {shown}: rename it, or leave its images out."
            )
    return [np.searchsorted(classes, found) for found in labels]


def _word(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
