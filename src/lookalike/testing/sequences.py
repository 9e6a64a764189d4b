"""The checks that models of histories must pass."""

from __future__ import annotations

import tempfile
import warnings
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.base import clone

import lookalike
from lookalike._core.errors import DataError, LookalikeWarning, NotFittedError, ParameterError
from lookalike.sequences import Sequences
from lookalike.testing._checks import Check, must, must_raise, named, run

__all__ = ["check_sequences", "sequence_checks"]

_ENTITIES, _MOST_EVENTS = 60, 5


def _histories() -> pa.Table:
    """Return histories of mixed types, with static columns and distinct times."""
    rng = np.random.default_rng(0)
    rows = []
    for entity in range(_ENTITIES):
        day, level, group = int(rng.integers(0, 200)), rng.normal(), "ab"[entity % 2]
        for _ in range(rng.integers(1, _MOST_EVENTS + 1)):
            word = str(rng.choice(["x", "y"])) if rng.random() < 0.9 else None
            rows.append((f"E{entity:04d}", day, group, round(level, 2), word))
            day += int(rng.integers(1, 9))
            level = 0.8 * level + rng.normal()
    names = ["id", "day", "group", "level", "word"]
    return pa.table([list(column) for column in zip(*rows, strict=True)], names=names)


class _SequenceSubject:
    """The model under test, fitted once."""

    def __init__(self, estimator: Sequences) -> None:
        self.estimator = estimator

    @cached_property
    def table(self) -> pa.Table:
        return _histories()

    @cached_property
    def fitted(self) -> Sequences:
        return self.fit(0)

    def fit(self, seed: int) -> Sequences:
        """Return a model of the table; its warnings are not of interest here."""
        model: Sequences = clone(self.estimator).set_params(random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LookalikeWarning)
            return model.fit(self.table, entity="id", time="day")


def histories_are_whole(subject: _SequenceSubject) -> None:
    """Entities are new and together; times rise; lengths stay within those seen."""
    real, made = subject.table, subject.fitted.sample(40)
    must(made.schema.equals(real.schema), "sample changes the columns or their types")
    ids = np.array(made["id"].to_pylist())
    changes = 1 + int(np.sum(ids[1:] != ids[:-1]))
    must(len(set(ids)) == changes == 40, "sample(40) must give 40 entities, each in one piece")
    must(
        not set(ids) & set(real["id"].to_pylist()), "an identifier of the training table comes back"
    )
    days, same = made["day"].to_numpy(), ids[1:] == ids[:-1]
    must(bool((np.diff(days)[same] > 0).all()), "times must rise within an entity, as they did")
    counts = np.unique(ids, return_counts=True)[1]
    must(int(counts.max()) <= _MOST_EVENTS, "a history is longer than any real one")
    group = np.array(made["group"].to_pylist())
    must(bool((group[1:] == group[:-1])[same].all()), "a static column changes within an entity")


def histories_are_addressable(subject: _SequenceSubject) -> None:
    """History i does not depend on how many are asked for, nor on those before it."""
    model = subject.fitted
    ten, five = model.sample(10), model.sample(5)
    must(ten.slice(0, len(five)).equals(five), "sample(5) is not the head of sample(10)")
    rest = model.sample(5, start=5)
    must(ten.slice(len(five)).equals(rest), "sample(5, start=5) is not the tail of sample(10)")
    other = model.sample(5, random_state=99)
    must(not other.equals(five), "another seed gives the same rows")


def equal_seeds_give_equal_models(subject: _SequenceSubject) -> None:
    """The same seed and table give the same model."""
    same = subject.fit(0).sample(5).equals(subject.fitted.sample(5))
    must(same, "two fits with one seed differ")


def files_restore_models(subject: _SequenceSubject) -> None:
    """A loaded model generates the same rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.lookalike"
        subject.fitted.save(path)
        loaded = lookalike.load(path)
    must(loaded.sample(5).equals(subject.fitted.sample(5)), "a loaded model gives other rows")
    must(loaded.get_params() == subject.fitted.get_params(), "a loaded model has other parameters")


def conditions_hold(subject: _SequenceSubject) -> None:
    """Conditions on static columns hold for every entity."""
    made = subject.fitted.sample(20, given={"group": "b"})
    must(pc.all(pc.equal(made["group"], "b")).as_py(), "given={'group': 'b'} gives another group")
    must_raise(
        ParameterError, "given= of an event's column", subject.fitted.sample, 3, given={"level": 1}
    )


def futures_come_after_their_past(subject: _SequenceSubject) -> None:
    """All events of a future come after its past, and belong to its entity."""
    first = subject.table["id"][0].as_py()
    past = subject.table.filter(pc.equal(subject.table["id"], first))
    made = subject.fitted.continue_from(past, 3, n=4)
    must(len(made) == 12, "4 futures of 3 events must have 12 rows")
    last = pc.max(past["day"]).as_py()
    must(pc.all(pc.greater(made["day"], last)).as_py(), "an event of a future is in its past")
    must(pc.all(pc.equal(made["id"], first)).as_py(), "a future belongs to another entity")


def unusable_input_is_refused(subject: _SequenceSubject) -> None:
    """Wrong calls are refused in words, and a model that is not fitted says so."""
    new = clone(subject.estimator)
    must_raise(NotFittedError, "sample before fit", new.sample, 3)
    must_raise(DataError, "an unknown entity", new.fit, subject.table, entity="idd")
    must_raise(DataError, "times that are none", new.fit, subject.table, entity="id", time="word")
    must_raise(DataError, "one entity", new.fit, subject.table.slice(0, 1), entity="id")
    must_raise(ParameterError, "windows of histories", subject.fitted.sample, windows=2)


_CHECKS = (
    histories_are_whole,
    histories_are_addressable,
    equal_seeds_give_equal_models,
    files_restore_models,
    conditions_hold,
    futures_come_after_their_past,
    unusable_input_is_refused,
)


def sequence_checks(model: Sequences) -> list[Check]:
    """Return the checks of a model of histories, for use as test parameters.

    Parameters
    ----------
    model : Sequences
        An unfitted estimator; it is cloned.

    Returns
    -------
    list of (str, callable)
        The name of each check, and a function without arguments that raises AssertionError with a
        plain message if it fails.

    Examples
    --------
    >>> from lookalike import Sequences
    >>> len(sequence_checks(Sequences()))
    7
    """
    subject = _SequenceSubject(model)
    checks = [(check.__name__, partial(check, subject)) for check in _CHECKS]
    return named(type(model).__name__, checks)


def check_sequences(model: Sequences) -> None:
    """Check all that a model of histories must do; see `sequence_checks`.

    Parameters
    ----------
    model : Sequences
        An unfitted estimator; it is cloned.

    Raises
    ------
    AssertionError
        At the first check that fails, with its name and the reason.
    """
    run(sequence_checks(model))
