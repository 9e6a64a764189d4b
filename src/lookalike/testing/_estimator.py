"""Checks of a synthesizer as an estimator: parameters, fitting, failing."""

from __future__ import annotations

import inspect
import random
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.base import clone

from lookalike._core.errors import DataError, NotFittedError, ParameterError
from lookalike.encoding import sample_encoded
from lookalike.tables import conform
from lookalike.testing._checks import global_random_state, must, must_raise
from lookalike.testing._subject import Subject
from lookalike.testing._tables import rare_city

__all__ = ["CHECKS"]


def constructor_stores_only(subject: Subject) -> None:
    """The constructor keeps its arguments as they are, checks nothing and learns nothing."""
    cls = type(subject.estimator)
    names = subject.estimator.get_params(deep=False)
    must("random_state" in names, "a synthesizer needs the parameter 'random_state'")
    declared = inspect.signature(cls).parameters
    defaults = {name: declared[name].default for name in names}
    for given in ({name: object() for name in names}, defaults):
        estimator = cls(**given)
        for name, value in given.items():
            must(
                getattr(estimator, name) is value, f"the constructor changes the parameter {name!r}"
            )
        extra = sorted(set(vars(estimator)) - set(given))
        must(not extra, f"the constructor sets {extra}, which are no parameters")
    must(inspect.Parameter.empty not in defaults.values(), "every parameter needs a default")


def parameters_are_checked_by_fit(subject: Subject) -> None:
    """A wrong parameter is refused by fit, not by the constructor."""
    wrong = subject.new().set_params(random_state="tomorrow")
    must_raise(ParameterError, "fit with random_state='tomorrow'", wrong.fit, subject.table)


def clone_is_unfitted(subject: Subject) -> None:
    """A clone has the same parameters and nothing that was learned; repr works."""
    copy = clone(subject.fitted)
    same = copy.get_params(deep=False) == subject.fitted.get_params(deep=False)
    must(same, "a clone has other parameters")
    must_raise(NotFittedError, "sample of a clone", copy.sample, 1)
    must(repr(copy).startswith(subject.name), "repr does not begin with the class's name")


def unfitted_is_refused(subject: Subject) -> None:
    """Every method that needs a fitted model says so."""
    model = subject.new()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        must_raise(NotFittedError, "sample before fit", model.sample, 1)
        must_raise(NotFittedError, "sample_batches before fit", model.sample_batches, 1)
        must_raise(NotFittedError, "sample_to before fit", model.sample_to, path, 1)
        must_raise(NotFittedError, "save before fit", model.save, path)
        must(not path.exists(), "an unfitted model left a file behind")


def fit_returns_itself(subject: Subject) -> None:
    """``fit`` returns the estimator, keeps its parameters and sets the promised attributes.

    It is called as scikit-learn's pipelines and searches do: with a second argument, on an
    estimator that bears marks of theirs.
    """
    model = subject.new()
    before, mark = model.get_params(deep=False), object()
    model.__dict__["_mark_of_a_search"] = mark
    must(model.fit(subject.table, None) is model, "fit does not return the estimator itself")
    kept = model.__dict__.pop("_mark_of_a_search", None)
    must(kept is mark, "fit removes an attribute that scikit-learn has set on the estimator")
    after = model.get_params(deep=False)
    must(all(after[k] is v for k, v in before.items()), "fit changes a parameter")
    must(model.n_rows_ == subject.table.num_rows, "n_rows_ is not the number of training rows")
    must(model.schema_.names == tuple(subject.table.column_names), "schema_ has other columns")
    must(model.seed_ == 0, "seed_ is not the integer random_state")
    rows = model.history_.rows
    must(all(isinstance(row, dict) for row in rows), "history_.rows are not dicts")


def fit_twice_is_fit_once(subject: Subject) -> None:
    """A second fit forgets the first; equal seeds give equal models."""
    first = pa.concat_tables([subject.table.slice(0, 1)] * 2)
    model = subject.new().fit(first).fit(subject.table)
    must(
        model.sample(20).equals(subject.fitted.sample(20)),
        "a model fitted twice generates other rows than one fitted once with the same seed",
    )


def failed_fit_changes_nothing(subject: Subject) -> None:
    """A fit that fails leaves an unfitted estimator unfitted and a fitted one as it was."""
    model = subject.new()
    must_raise(DataError, "fit with an unknown target", model.fit, subject.table, target="citty")
    must_raise(NotFittedError, "sample after a failed first fit", model.sample, 1)
    model.fit(subject.table)
    must_raise(DataError, "fit of a table without rows", model.fit, subject.table.slice(0, 0))
    same = model.sample(5).equals(subject.fitted.sample(5))
    must(same, "a fit that failed changed the model that was there")


def global_random_state_is_untouched(subject: Subject) -> None:
    """Neither fitting nor sampling draws from or seeds the global generators."""
    states = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        np.random.seed(987654321)  # noqa: NPY002 - a state that no other code sets
        random.seed(987654321)
        before = global_random_state()
        subject.fit(subject.table).sample(3)
        must(before == global_random_state(), "fit or sample changes the global random state")
    finally:
        np.random.set_state(states[0])  # noqa: NPY002
        random.setstate(states[1])


def bad_tables_are_refused(subject: Subject) -> None:
    """No rows, no columns, two columns of one name: one clear error each."""
    x = pa.array([1.0, 2.0])
    for what, table in {
        "a table without rows": subject.table.slice(0, 0),
        "a table without columns": pa.table({}),
        "two columns of one name": pa.Table.from_arrays([x, x], names=["x", "x"]),
        "an infinite value": pa.table({"x": [1.5, float("inf"), 2.25]}),
        "a nested column": pa.table({"x": [[1], [2, 3]]}),
    }.items():
        must_raise(DataError, f"fit of {what}", subject.new().fit, table)
    must_raise(DataError, "fit of a number", subject.new().fit, 3)


def target_is_learned(subject: Subject) -> None:
    """A target is remembered, must be learnable, and keeps its rarest level."""
    fit, table = subject.new().fit, rare_city("Basel", "Basel")
    error = must_raise(DataError, "an unknown target", fit, table, target="citty")
    must("'city'" in str(error), "the error for an unknown target does not suggest the nearest")
    must_raise(DataError, "an identifier as target", fit, table, target="ref no. €")
    model = subject.fit(table, target="city")
    must(model.target_ == "city", "target_ is not the target that was given")
    encoder = model.encoder_
    encoded = encoder.encode(conform(table, model.schema_))
    drawn = sample_encoded(encoded, encoder.layout_, np.random.default_rng(0))
    back = encoder.decode(drawn, start=0, seed=0)["city"].to_pylist()
    must("Basel" in back, "a level of the target that occurs once is pooled")
    must(subject.fitted.target_ is None, "target_ is not None where none was given")


CHECKS = (
    constructor_stores_only,
    parameters_are_checked_by_fit,
    unfitted_is_refused,
    fit_returns_itself,
    clone_is_unfitted,
    fit_twice_is_fit_once,
    failed_fit_changes_nothing,
    global_random_state_is_untouched,
    bad_tables_are_refused,
    target_is_learned,
)
