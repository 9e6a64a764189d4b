"""The checks that every column encoding must pass."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.encoding import ColumnEncoding, Learned, SampledRows, sample_encoded
from lookalike.tables import Column, Kind
from lookalike.testing._checks import Check, must, named, run
from lookalike.testing._columns import ALONE, Example, alone, examples

__all__ = ["check_encoding", "encoding_checks"]

#: The largest error of a decoded float, as a part of the column's range.
_CLOSE = 0.01
#: The number of different values of a long column; the state of an encoding must not grow with it.
_MANY = 20_000


def encoding_checks(encoding: type[ColumnEncoding]) -> list[Check]:
    """Return the checks of an encoding, for use as test parameters.

    Parameters
    ----------
    encoding : subclass of ColumnEncoding
        It is constructed without arguments and tried on columns of each of its ``kinds``.

    Returns
    -------
    list of (str, callable)
        The name of each check, and a function without arguments that raises AssertionError with a
        plain message if it fails.

    Examples
    --------
    >>> from lookalike.encoding import ENCODINGS
    >>> checks = dict(encoding_checks(ENCODINGS["onehot"]))
    >>> checks["says_what_it_is"]()
    """
    checks: list[Check] = [("says_what_it_is", partial(_says_what_it_is, encoding))]
    checks += [
        (f"{check.__name__.strip('_')}: {kind}", partial(_each, check, encoding, kind))
        for kind in sorted(encoding.kinds)
        for check in _ON_COLUMNS
    ]
    if Kind.CONTINUOUS in encoding.kinds:
        checks.append(("keeps_little", partial(_keeps_little, encoding)))
    checks += [
        (f"keeps_no_single_value: {kind}", partial(_keeps_no_single_value, encoding, kind))
        for kind in sorted(encoding.kinds)
        if kind.is_numeric
    ]
    return named(encoding.__name__, checks)


def check_encoding(encoding: type[ColumnEncoding]) -> None:
    """Check all that a column encoding must do; see `encoding_checks`.

    Parameters
    ----------
    encoding : subclass of ColumnEncoding
        It is constructed without arguments.

    Raises
    ------
    AssertionError
        At the first check that fails, with its name and the reason.
    """
    run(encoding_checks(encoding))


def _each(
    check: Callable[[ColumnEncoding, Example], None], encoding: type[ColumnEncoding], kind: Kind
) -> None:
    for example in examples(kind):
        fitted = _made(encoding).fit(example.values, example.column)
        try:
            check(fitted, example)
        except AssertionError as error:
            raise AssertionError(f"{example.what}: {error}") from error
        except Exception as error:
            raise AssertionError(f"{example.what}: {type(error).__name__}: {error}") from error


def _made(encoding: type[ColumnEncoding]) -> ColumnEncoding:
    """Return an unfitted encoding that keeps every level, however rare."""
    pools = "min_count" in inspect.signature(encoding).parameters
    return encoding(**({"min_count": 1} if pools else {}))


def _says_what_it_is(encoding: type[ColumnEncoding]) -> None:
    must(bool(encoding.name) and encoding.name == encoding.name.lower(), "name must be lower case")
    must(bool(encoding.kinds), "kinds must say which columns it can encode")
    parameters = set(inspect.signature(encoding).parameters)
    must(set(vars(encoding())) == parameters, "the constructor must store its parameters only")


def _blocks_fit_together(encoding: ColumnEncoding, example: Example) -> None:
    layout, at = encoding.layout, 0
    for block in layout.blocks:
        must(block.start == at, f"block {block.part!r} begins at {block.start} instead of {at}")
        must(block.column == example.column.name, "a block belongs to another column")
        must((block.head == "softmax") == (block.source == "code"), "softmax heads are for codes")
        at = block.stop
    must(bool(layout.blocks), "there is no block to learn")


def _encoded_rows_are_sound(encoding: ColumnEncoding, example: Example) -> None:
    layout, encoded = encoding.layout, encoding.encode(example.values)
    rows = len(example.values)
    must(encoded.floats.shape == (rows, layout.floats), f"floats are {encoded.floats.shape}")
    must(encoded.codes.shape == (rows, layout.codes), f"codes are {encoded.codes.shape}")
    must(encoded.floats.dtype == np.float32, f"floats are {encoded.floats.dtype}")
    must(encoded.codes.dtype == np.int32, f"codes are {encoded.codes.dtype}")
    must(bool(np.isfinite(encoded.floats).all()), "floats are not all finite")
    for block in layout.blocks:
        at = block.source_start
        if block.source == "code":
            codes = encoded.codes[:, at]
            must(codes.min() >= 0 and codes.max() < block.width, "a code is none of the levels")
        if block.source == "interval":
            low, high = encoded.floats[:, at], encoded.floats[:, at + 1]
            must(bool((low >= 0).all() and (high <= 1).all()), "an interval leaves [0, 1]")
            must(bool((low < high).all()), "an interval is empty")


def _comes_back(encoding: ColumnEncoding, example: Example) -> None:
    values = example.values
    encoded = encoding.encode(values)
    back = encoding.decode(sample_encoded(encoded, encoding.layout, np.random.default_rng(0)))
    must(back.type == values.type, f"{values.type} comes back as {back.type}")
    must(len(back) == len(values), f"{len(values)} rows come back as {len(back)}")
    must(back.null_count == 0, "cells come back as missing")
    if pa.types.is_floating(values.type):
        was, is_now = values.to_numpy(), back.to_numpy()
        worst = float(np.max(np.abs(is_now / 2 - was / 2)))
        span = float(was.max() / 2 - was.min() / 2)
        must(worst <= _CLOSE * span, f"a value is off by {worst * 2:g} on a range of {span * 2:g}")
    else:
        must(back.to_pylist() == values.to_pylist(), "values do not come back exactly")


def _decodes_whatever_is_drawn(encoding: ColumnEncoding, example: Example) -> None:
    layout = encoding.layout
    rng = np.random.default_rng(1)
    soft = [block for block in layout.blocks if block.head == "softmax"]
    numbers = rng.normal(scale=4, size=(200, layout.width - sum(b.width for b in soft)))
    for block, at in zip(layout.blocks, layout.drawn_starts, strict=True):
        if block.head == "tanh":
            numbers[:, at : at + block.width] = np.tanh(numbers[:, at : at + block.width])
    levels = np.array([rng.integers(0, b.width, 200) for b in soft]).reshape(len(soft), 200).T
    decoded = encoding.decode(SampledRows(numbers.astype(np.float32), levels.astype(np.int32)))
    must(decoded.null_count == 0, "a drawn row is decoded as missing")
    if example.column.kind.is_discrete:
        new = set(decoded.to_pylist()) - set(example.values.to_pylist())
        must(not new, f"levels are generated that the column does not have: {new}")
    elif pa.types.is_floating(decoded.type):
        must(
            bool(pc.all(pc.is_finite(decoded)).as_py()), "a drawn row is decoded as infinite or NaN"
        )


def _state_is_all(encoding: ColumnEncoding, example: Example) -> None:
    state = encoding.state()
    values = json.loads(json.dumps(state.values, allow_nan=False))
    for name, array in state.arrays.items():
        must(
            isinstance(array, np.ndarray) and array.dtype.kind in "fiub",
            f"{name} is no number array",
        )
    again = type(encoding).from_state(Learned(values, dict(state.arrays)), example.column)
    must(again.blocks == encoding.blocks, "an encoding built from a state has other blocks")
    ours, theirs = encoding.encode(example.values), again.encode(example.values)
    same = all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    must(same, "an encoding built from a state encodes differently")
    drawn = sample_encoded(ours, encoding.layout, np.random.default_rng(2))
    same = encoding.decode(drawn).to_pylist() == again.decode(drawn).to_pylist()
    must(same, "an encoding built from a state decodes differently")


def _rows_are_decoded_one_by_one(encoding: ColumnEncoding, example: Example) -> None:
    drawn = sample_encoded(
        encoding.encode(example.values), encoding.layout, np.random.default_rng(3)
    )
    head = SampledRows(drawn.numbers[:1], drawn.levels[:1])
    same = encoding.decode(head).to_pylist() == encoding.decode(drawn).to_pylist()[:1]
    must(same, "a row is decoded differently when others stand beside it")


def _keeps_little(encoding: type[ColumnEncoding]) -> None:
    values = pa.array(np.random.default_rng(4).normal(size=_MANY))
    state = encoding().fit(values, Column("x", Kind.CONTINUOUS, "double")).state()
    kept = sum(array.size for array in state.arrays.values()) + len(json.dumps(state.values)) // 8
    must(kept < _MANY // 4, f"{kept} numbers are stored of a column of {_MANY} different ones")


def _keeps_no_single_value(encoding: type[ColumnEncoding], kind: Kind) -> None:
    """A value that one row has is not in the state, nor is it decoded if it is far from others."""
    for what, values in alone(kind).items():
        column = Column("x", kind, str(values.type))
        fitted = encoding().fit(values, column)
        state = fitted.state()
        stored = set(_numbers_in(state.values))
        stored |= {
            n for array in state.arrays.values() for n in array.ravel().astype(float).tolist()
        }
        single = _plain(values)[-ALONE:] if kind is Kind.CONTINUOUS else _plain(values)[-1:]
        leaked = [number for number in single if float(number) in stored]
        must(
            not leaked,
            f"{what}: {len(leaked)} values that one row has are stored, such as {leaked[:1]}",
        )
        numbers = np.random.default_rng(5).normal(scale=9, size=(5_000, fitted.layout.numbers))
        levels = np.zeros((5_000, fitted.layout.softmaxes), np.int32)
        decoded = _plain(fitted.decode(SampledRows(numbers.astype(np.float32), levels)).drop_null())
        must(not set(decoded) & set(single[-1:]), f"{what}: a value far from all others is decoded")


def _numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _numbers_in(one)
    elif isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, str) and value.lstrip("-").startswith("0x"):
        yield float.fromhex(value)


def _plain(values: pa.Array) -> list[float]:
    """Return numbers, and of dates and times their ticks."""
    if pa.types.is_temporal(values.type):
        values = values.view(pa.int32() if values.type.bit_width == 32 else pa.int64())
    return list(values.to_pylist())


_ON_COLUMNS = (
    _blocks_fit_together,
    _encoded_rows_are_sound,
    _comes_back,
    _decodes_whatever_is_drawn,
    _state_is_all,
    _rows_are_decoded_one_by_one,
)
