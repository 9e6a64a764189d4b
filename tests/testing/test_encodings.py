"""Every encoding keeps the contract, and the checks find those that do not."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from lookalike.encoding import ENCODINGS, EncodedRows, Learned, MinMax, OneHot, SampledRows
from lookalike.tables import Kind
from lookalike.testing import check_encoding, encoding_checks

CHECKS = {
    f"{name}: {check}": run
    for name, encoding in ENCODINGS.items()
    for check, run in encoding_checks(encoding)
}


@pytest.mark.parametrize("name", CHECKS)
def test_every_encoding_keeps_the_contract(name):
    CHECKS[name]()


class Remembers(MinMax):
    """Keeps the column."""

    kinds: ClassVar = frozenset({Kind.CONTINUOUS})

    def fit(self, values, column):
        self._all = values.to_numpy()
        return super().fit(values, column)

    def state(self):
        state = super().state()
        return Learned(state.values, {**state.arrays, "all": self._all})


class Forgets(MinMax):
    """Its state lacks something."""

    @classmethod
    def from_state(cls, state, column):
        state.values["low"] -= 1
        return super().from_state(state, column)


class Shifts(MinMax):
    """Comes back a little off."""

    def decode(self, drawn):
        return super().decode(SampledRows(drawn.numbers * 0.9, drawn.levels))


class Wide(MinMax):
    """Gives numbers of the wrong type."""

    def encode(self, values):
        floats, codes = super().encode(values)
        return EncodedRows(floats.astype(np.float64), codes)


class Sorts(OneHot):
    """Looks at the rows beside a row."""

    def decode_rows(self, drawn, rows):
        made = super().decode_rows(drawn, rows)
        return made if len(made) < 2 else pa.concat_arrays([made[1:], made[:1]])


class LearnsEarly(MinMax):
    """Learns in the constructor."""

    def __init__(self):
        self.low = 0.0


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        (Remembers, "Remembers fails keeps_little: .* numbers are stored"),
        (Forgets, "Forgets fails state_is_all: "),
        (Shifts, "Shifts fails comes_back: "),
        (Wide, "Wide fails encoded_rows_are_sound: .*: floats are float64"),
        (Sorts, "Sorts fails (comes_back|rows_are_decoded_one_by_one): "),
        (
            LearnsEarly,
            "LearnsEarly fails says_what_it_is: the constructor must store its parameters only",
        ),
    ],
)
def test_what_is_broken_is_found(encoding, words):
    with pytest.raises(AssertionError, match=words):
        check_encoding(encoding)
