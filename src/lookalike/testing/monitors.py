"""The checks that every monitor must pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from lookalike.testing._checks import Check, global_random_state, must, named, run
from lookalike.training.monitors import IntervalSnapshot, Monitor, MonitorData, MonitoredRows

__all__ = ["check_monitor", "monitor_checks"]

_WIDTHS = (3, 2)
_TOTAL = 10
_MEASURES = {
    "loss_discriminator": 1.3,
    "loss_generator": 0.7,
    "loss_real": 0.6,
    "loss_fake": 0.7,
    "accuracy": 0.6,
    "accuracy_real": 0.55,
    "accuracy_fake": 0.65,
    "accuracy_generator": 0.35,
    "probability_real": 0.55,
    "probability_fake": 0.45,
    "gradient_discriminator": 1.0,
    "gradient_generator": 0.1,
    "rate_generator": 1e-3,
    "rate_discriminator": 1e-3,
}

Draw = Callable[[np.random.Generator, int], MonitoredRows]


def monitor_checks(monitor: type[Monitor]) -> list[Check]:
    """Return the checks of a monitor, for use as test parameters.

    Parameters
    ----------
    monitor : subclass of Monitor
        It is constructed without arguments.

    Returns
    -------
    list of (str, callable)
        The name of each check, and a function without arguments that raises AssertionError with a
        plain message if it fails.
    """
    found = [(check.__name__.strip("_"), partial(check, monitor)) for check in _CHECKS]
    return named(monitor.__name__, found)


def check_monitor(monitor: type[Monitor]) -> None:
    """Check all that a monitor must do; see `monitor_checks`.

    Parameters
    ----------
    monitor : subclass of Monitor
        It is constructed without arguments.

    Raises
    ------
    AssertionError
        At the first check that fails, with its name and the reason.

    Examples
    --------
    >>> from lookalike.training.monitors import Players
    >>> check_monitor(Players)
    """
    run(monitor_checks(monitor))


def _says_what_it_is(monitor: type[Monitor]) -> None:
    must(bool(monitor.name) and monitor.name.islower(), "name must be in lower case")
    must(bool(monitor.cost), "cost must say in words what a measurement costs")
    must(monitor.every >= 1, "every must be 1 or more")
    must(bool(monitor.measures), "measures must declare what measure returns")
    names = [measure.name for measure in monitor.measures]
    must(len(set(names)) == len(names), "two measures have one name")
    for measure in monitor.measures:
        must(measure.name.isidentifier(), f"{measure.name!r} is no name for a column")
        must(measure.low < measure.high, f"{measure.name}: low must be less than high")
        must(bool(measure.good), f"{measure.name}: good must say which values are good")
        known = (None, "higher", "lower", "near 1")
        must(measure.better in known, f"{measure.name}: better must be one of {known}")


def _values_are_declared_and_in_range(monitor: type[Monitor]) -> None:
    for case, (real, fake) in _cases().items():
        for held_out in (True, False):
            _in_range(monitor, case, _measured(monitor, real, fake, held_out=held_out))


def _small_samples_are_no_error(monitor: type[Monitor]) -> None:
    for rows in (1, 2, 5, 30):
        found = _measured(monitor, _mixed, _mixed, rows=rows)
        _in_range(monitor, f"{rows} real rows", found)


def _in_range(monitor: type[Monitor], case: str, found: dict[str, float]) -> None:
    declared = {measure.name: measure for measure in monitor.measures}
    for name, value in found.items():
        must(name in declared, f"{case}: {name} is not declared in measures")
        must(type(value) is float, f"{case}: {name} is a {type(value).__name__}, not a float")
        must(math.isfinite(value), f"{case}: {name} is {value}; leave out what is not defined")
        measure = declared[name]
        fine = measure.low - 1e-6 <= value <= measure.high + 1e-6
        must(fine, f"{case}: {name} = {value} is not in [{measure.low}, {measure.high}]")


def _all_measures_occur(monitor: type[Monitor]) -> None:
    found = _measured(monitor, _mixed, _mixed) | _measured(monitor, _groups, _groups)
    missing = {measure.name for measure in monitor.measures} - set(found)
    must(not missing, f"declared, but not returned of ordinary rows: {sorted(missing)}")


def _missing_measures_are_no_error(monitor: type[Monitor]) -> None:
    _in_range(monitor, "no measures of the game", _measured(monitor, _mixed, _mixed, measures={}))


def _is_deterministic(monitor: type[Monitor]) -> None:
    before = global_random_state()
    first, again = (_measured(monitor, _mixed, _mixed) for _ in range(2))
    must(first == again, "the same rows give two different results")
    must(before == global_random_state(), "the global random state is used")


def _runs_are_apart(monitor: type[Monitor]) -> None:
    """A monitor keeps nothing from one run to the next."""
    fresh = _measured(monitor, _mixed, _mixed)
    _measured(monitor, _groups, _equal)
    must(fresh == _measured(monitor, _mixed, _mixed), "one run changes what another measures")


def _changes_nothing(monitor: type[Monitor]) -> None:
    data, snapshot = _scene(_mixed, _mixed, True, 60, _MEASURES)
    logits = snapshot.logits_real, snapshot.logits_fake
    shown = [*data.real, *snapshot.fake, *(part for part in logits if part is not None)]
    before = [np.array(array) for array in shown]
    tested = monitor()
    tested.begin(data)
    tested.measure(snapshot)
    same = all(np.array_equal(a, b) for a, b in zip(before, shown, strict=True))
    must(same, "the monitor changes its input rows")


def _measured(
    monitor: type[Monitor],
    real: Draw,
    fake: Draw,
    *,
    held_out: bool = True,
    rows: int = 60,
    measures: dict[str, float] = _MEASURES,
) -> dict[str, float]:
    """Return the results of a monitor's three measurements at the end of a run."""
    found: dict[str, float] = {}
    tested = monitor()
    for number in range(3):
        data, snapshot = _scene(real, fake, held_out, rows, measures, number)
        if number == 0:
            tested.begin(data)
        found |= tested.measure(snapshot)
    return found


def _scene(
    real: Draw,
    fake: Draw,
    held_out: bool,
    rows: int,
    measures: dict[str, float],
    number: int = 0,
) -> tuple[MonitorData, IntervalSnapshot]:
    rng = np.random.default_rng(7)
    shown, others = real(rng, rows), real(rng, rows) if held_out else None
    rng = np.random.default_rng(100 + number)
    generated = fake(rng, 60)
    snapshot = IntervalSnapshot(
        step=_TOTAL - 2 + number,
        total=_TOTAL,
        real=shown,
        held_out=others,
        fake=generated,
        logits_real=rng.normal(0.1, 1, rows).astype(np.float32),
        logits_fake=rng.normal(0, 1, 60).astype(np.float32),
        measures=measures,
        widths=_WIDTHS,
    )
    return MonitorData(shown, others, _WIDTHS), snapshot


def _cases() -> dict[str, tuple[Draw, Draw]]:
    """Return real and generated rows by their special property."""
    return {
        "ordinary rows": (_mixed, _mixed),
        "real rows all equal": (_equal, _mixed),
        "generated rows all equal": (_mixed, _equal),
        "all rows equal": (_equal, _equal),
        "levels only": (_only_levels, _only_levels),
        "heavy tails": (_heavy, _heavy),
        "groups far apart": (_groups, _groups),
        "one group of many": (_groups, _mixed),
        "generated rows far away": (_mixed, _far),
    }


def _rows(numbers: np.ndarray, levels: np.ndarray) -> MonitoredRows:
    """Return rows of numbers and codes in the form that monitors see."""
    hot = [np.eye(width)[levels[:, k]] * 0.5**0.5 for k, width in enumerate(_WIDTHS)]
    return MonitoredRows(
        np.concatenate([numbers, *hot], axis=1).astype(np.float32), levels.astype(np.int32)
    )


def _levels(rng: np.random.Generator, rows: int) -> np.ndarray:
    return np.stack([rng.integers(0, width, rows) for width in _WIDTHS], axis=1)


def _mixed(rng: np.random.Generator, rows: int) -> MonitoredRows:
    return _rows(rng.normal(size=(rows, 2)), _levels(rng, rows))


def _equal(rng: np.random.Generator, rows: int) -> MonitoredRows:  # noqa: ARG001
    return _rows(np.full((rows, 2), 0.3), np.zeros((rows, len(_WIDTHS)), int))


def _only_levels(rng: np.random.Generator, rows: int) -> MonitoredRows:
    return _rows(np.zeros((rows, 2)), _levels(rng, rows))


def _heavy(rng: np.random.Generator, rows: int) -> MonitoredRows:
    return _rows(rng.standard_cauchy((rows, 2)), _levels(rng, rows))


def _groups(rng: np.random.Generator, rows: int) -> MonitoredRows:
    centres = 20.0 * rng.integers(0, 2, (rows, 2))
    return _rows(centres + rng.normal(0, 0.1, (rows, 2)), np.zeros((rows, len(_WIDTHS)), int))


def _far(rng: np.random.Generator, rows: int) -> MonitoredRows:
    return _rows(rng.normal(1e4, 1e-3, (rows, 2)), _levels(rng, rows))


_CHECKS = (
    _says_what_it_is,
    _values_are_declared_and_in_range,
    _small_samples_are_no_error,
    _all_measures_occur,
    _missing_measures_are_no_error,
    _is_deterministic,
    _runs_are_apart,
    _changes_nothing,
)
