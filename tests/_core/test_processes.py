"""Processes of one thread: their numbers, their errors, and their end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike._core.errors import DataError, TrainingError
from lookalike._core.processes import in_processes
from lookalike.models import DenseClassifier

#: A study whose rows are drawn by the bits of a sum of XLA, in a script without a guard.
SCRIPT = """
import json

import jax
import jax.numpy as jnp
import joblib
import numpy as np
import pyarrow as pa

from lookalike.experiments import boost
from lookalike.models import Independent


class Summed(Independent):
    COMPILED = True

    def fit(self, data, **_):
        return self

    def sample(self, n, **_):
        x = jnp.asarray(np.random.default_rng(0).normal(size=(500, 256)), jnp.float32)
        y = jnp.asarray(np.random.default_rng(1).normal(size=(256, 256)), jnp.float32)
        sums = np.asarray(jax.jit(lambda x, y: (x.T @ (x @ y)).sum(0))(x, y))
        return rows(np.random.default_rng(list(sums.tobytes())), n)


def rows(rng, n):
    return pa.table({"x": rng.normal(size=n), "late": rng.choice(["yes", "no"], n)})


def values(**more):
    found = boost(
        rows(np.random.default_rng(0), 60), "late", synthesizer=Summed(), factors=[3.0],
        models=["Gaussian naive Bayes"], metrics=["log_loss"], repeats=2, controls=False, **more,
    )
    return [record.value for record in found.records if record.arm == "boosted"]


jax.jit(lambda: jnp.zeros(2))().block_until_ready()  # from now on, XLA keeps its threads here
found = {"here": np.asarray(Summed().sample(1)["x"]).tolist(), "one": values()}
for backend in BACKENDS:
    with joblib.parallel_config(backend, n_jobs=2):
        found[backend] = values()
print(json.dumps(found))
"""


def numbers(threads: int, backends: list[str]) -> dict[str, list[float]]:
    """Return the results of the script with a given number of XLA threads."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("BACKENDS", repr(backends))],
        env={**os.environ, "NPROC": str(threads), "JAX_DISABLE_MOST_OPTIMIZATIONS": "0"},
        capture_output=True,
        check=True,
    )
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


@pytest.mark.train
@pytest.mark.slow
def test_threads_of_xla_change_no_number() -> None:
    many = numbers(4, ["loky", "threading"])
    one = numbers(1, [])
    if many["here"] == one["here"]:
        pytest.skip("this XLA sums in the same order with one thread and with four")
    assert many["one"] == many["loky"] == many["threading"] == one["one"]


def squares(number: int) -> Iterator[int]:
    """Yield squares, or fail."""
    for one in range(number):
        yield one**2
    if number == 4:
        raise DataError("Four is too many.")
    if number == 5:
        os._exit(3)


def test_results_come_as_they_are_found() -> None:
    assert sorted(in_processes(squares, [1, 3, 2], 2)) == [0, 0, 0, 1, 1, 4]
    assert list(in_processes(squares, [], 2)) == []


def test_a_process_has_one_thread_and_ends_with_its_caller_s_patience() -> None:
    found = in_processes(lambda _: iter([os.environ["NPROC"], os.getpid(), 0]), [0], 1)
    assert next(found) == "1"
    number = next(found)
    os.kill(number, 0)
    found.close()  # as an interrupt does
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


@pytest.mark.slow
def test_what_a_process_raises_is_raised_here() -> None:
    found = in_processes(squares, [4], 1)
    assert [next(found) for _ in range(4)] == [0, 1, 4, 9]
    with pytest.raises(DataError, match="Four is too many"):
        next(found)
    with pytest.raises(TrainingError, match="exit code 3"):
        list(in_processes(squares, [5], 1))


def test_models_that_xla_trains_are_known() -> None:
    # Not above: the processes of these tests import this module.
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    from lookalike.experiments._battery import is_compiled

    assert is_compiled("dense network", None)
    assert is_compiled("mine", GridSearchCV(DenseClassifier(), {}))
    assert not is_compiled("decision tree", None)
    assert not is_compiled("mine", GridSearchCV(DecisionTreeClassifier(), {}))


@pytest.mark.slow
def test_a_task_whose_process_died_is_done_anew(tmp_path: Path) -> None:
    def dies_once(number: int) -> Iterator[int]:
        mark = tmp_path / str(number)
        if not mark.exists():
            mark.touch()
            os._exit(1)
        yield number

    assert sorted(in_processes(dies_once, [1, 2], 2, retries=1)) == [1, 2]
    (tmp_path / "1").unlink()
    with pytest.raises(TrainingError, match="exit code 1"):
        list(in_processes(dies_once, [1], 1))
