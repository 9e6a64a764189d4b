"""The checks find synthesizers that break the contract; that the good ones pass is in models/."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pyarrow as pa
import pytest

from lookalike.encoding import SampledRows
from lookalike.models import Independent
from lookalike.testing import check_synthesizer, synthesizer_checks
from lookalike.testing._dependence import joint_error
from lookalike.testing._tables import PROBLEMS


class Eager(Independent):
    """Changes a parameter in the constructor."""

    def __init__(self, *, min_category_count=2, text_placeholder=None, random_state=None):
        super().__init__(
            min_category_count=min_category_count,
            text_placeholder=text_placeholder or "",
            random_state=random_state,
        )


class Global(Independent):
    """Uses the global generator."""

    def _fit(self, task):
        np.random.seed(task.seed % 2**32)  # noqa: NPY002
        super()._fit(task)


class Restless(Independent):
    """Never makes the same rows again."""

    def _source(self, request):
        turn = next(_TURNS)
        return super()._source(replace(request, seed=request.seed + turn))


_TURNS = count()


class Short(Independent):
    """Makes blocks that are too small."""

    def _source(self, request):
        make = super()._source(request)
        return lambda block: SampledRows(*(part[:5] for part in make(block)))


class Chained(Independent):
    """Blocks depend on which were made before."""

    def _source(self, request):
        make, made = super()._source(request), count()
        return lambda block: make(next(made))


class Sharing(Independent):
    """All blocks are written to one array."""

    def _source(self, request):
        make, whole = super()._source(request), []

        def shared(block):
            drawn = make(block)
            whole[:] = whole or [np.empty_like(part) for part in drawn]
            for part, new in zip(whole, drawn, strict=True):
                part[:] = new
            return SampledRows(*whole)

        return shared


class Stubborn(Independent):
    """Keeps what it learned first."""

    _first = None

    def fit(self, data, y=None, **options):
        super().fit(data, y, **options)
        if self._first is not None:
            self._shares = self._first
        self._first = self._shares
        return self


class Wiping(Independent):
    """Loses what others have set on it."""

    def fit(self, data, y=None, **options):
        self.__dict__ = self.get_params()
        return super().fit(data, y, **options)


class Forgetful(Independent):
    """Loses what it learned when it is saved."""

    def _restore(self, state, layout):
        super()._restore(state, layout)
        self._shares = {i: np.full(len(s), 1 / len(s)) for i, s in self._shares.items()}


class Leaky(Independent):
    """Keeps training rows."""

    def _fit(self, task):
        super()._fit(task)
        self.history_.rows.append({"planted-level": 1.0})


class Careless(Independent):
    """Takes any count of rows."""

    def sample(self, n, **options):
        return super().sample(max(int(n), 0) if n is not None else 0, **options)


@pytest.mark.parametrize(
    ("synthesizer", "words"),
    [
        (Eager, "constructor_stores_only: the constructor changes the parameter"),
        (Global, "global_random_state_is_untouched: "),
        (Restless, "fit_twice_is_fit_once: "),
        (Short, "exact_number_of_rows: "),
        (Chained, "a_row_depends_on_its_number_alone: "),
        (Stubborn, "(fit_twice_is_fit_once|failed_fit_changes_nothing): "),
        (Wiping, "fit_returns_itself: fit removes an attribute that scikit-learn has set"),
        (Forgetful, "loaded_model_makes_the_same_rows: a loaded model generates other rows"),
        (Leaky, "model_file_holds_no_training_row: .*planted-level"),
        (Careless, "bad_numbers_are_refused: "),
    ],
)
def test_what_is_broken_is_found(synthesizer, words):
    with pytest.raises(AssertionError, match=f"{synthesizer.__name__} fails {words}"):
        check_synthesizer(synthesizer(), learns=False)


def test_what_several_threads_cannot_use_is_found():
    check = dict(synthesizer_checks(Sharing(), learns=False))["blocks_are_made_at_once"]
    with pytest.raises(AssertionError, match=r"block \d differs where several threads"):
        check()


@pytest.mark.parametrize(("name", "check"), synthesizer_checks(Independent(), contract=False))
def test_independent_columns_are_found_to_have_learned_nothing(name, check):
    with pytest.raises(AssertionError, match="independent columns are 0"):
        check()


@pytest.mark.parametrize("problem", PROBLEMS)
def test_real_rows_would_pass_by_far(problem):
    train, others = (PROBLEMS[problem](6000).slice(*rows) for rows in ((0, 1000), (1000, 4000)))
    floor = joint_error(train, Independent(random_state=0).fit(train).sample(4000))
    assert floor > 0.15
    assert joint_error(train, others) < 0.35 * floor


def test_joint_error_of_the_same_table_is_none():
    table = PROBLEMS["cells missing together"](200)
    assert joint_error(table, table) == 0
    other = pa.table({"u": table["u"], "v": pa.nulls(200, pa.float64())})
    assert joint_error(table, other) > 0.3
