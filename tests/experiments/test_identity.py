"""An estimator is known again in another process, and told from one that differs a little."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from lookalike.experiments._identity import identity


def search(low: float, splits: int) -> RandomizedSearchCV:
    """Return a search whose space is made of distributions, which show their addresses."""
    space = {"min_impurity_decrease": loguniform(low, 1), "max_depth": randint(1, splits)}
    return RandomizedSearchCV(DecisionTreeClassifier(), space, n_iter=3)


def scaled(factor: float) -> Any:
    """Return a function that holds a number."""
    return lambda x: x * factor


def columns(count: int) -> Any:
    """Return nested estimators that hold a long array."""
    weights = np.arange(2000.0)
    weights[1000] = count
    steps = make_column_transformer((StandardScaler(), [0]), (FunctionTransformer(np.log1p), [1]))
    tree = DecisionTreeClassifier(class_weight={0: 1, 1: count})
    return make_pipeline(steps, VotingClassifier([("a", tree)], weights=weights))


@pytest.mark.parametrize(
    ("make", "other"),
    [
        (lambda: search(1e-4, 9), search(1e-3, 9)),
        (lambda: search(1e-4, 9), search(1e-4, 8)),
        (lambda: columns(3), columns(4)),
        (lambda: FunctionTransformer(scaled(2.0)), FunctionTransformer(scaled(3.0))),
        (lambda: partial(np.clip, a_min=0), partial(np.clip, a_min=1)),
        (lambda: {"a": 1, "b": [2]}, {"a": 1, "b": [3]}),
        (lambda: {1, 2}, {1, 3}),
        (lambda: np.array([1.0]), np.array([1.0], np.float32)),
        (lambda: DecisionTreeClassifier, StandardScaler),
        (lambda: DecisionTreeClassifier(max_depth=2).fit, DecisionTreeClassifier(max_depth=3).fit),
        (lambda: None, DecisionTreeClassifier()),
    ],
)
def test_the_same_is_known_again_and_what_differs_is_not(make: Any, other: Any) -> None:
    assert identity(make()) == identity(make())
    assert identity(make()) != identity(other)
    assert " at 0x" not in identity(make())


def test_random_states_do_not_count_and_cycles_end() -> None:
    tree = DecisionTreeClassifier(random_state=np.random.RandomState(0))
    before = identity(tree)
    tree.random_state.random(3)
    assert identity(tree) == before
    loop: dict[str, Any] = {}
    loop["self"] = loop
    assert "itself" in identity(loop)


@pytest.mark.slow
def test_another_process_says_the_same() -> None:
    code = """
from scipy.stats import loguniform, randint
from sklearn.model_selection import RandomizedSearchCV
from sklearn.tree import DecisionTreeClassifier
from lookalike.experiments._identity import identity
space = {"min_impurity_decrease": loguniform(1e-4, 1), "max_depth": randint(1, 9)}
print(identity(RandomizedSearchCV(DecisionTreeClassifier(), space, n_iter=3)), end="")
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == identity(search(1e-4, 9))
