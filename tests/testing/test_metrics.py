"""Every metric keeps the contract, and the checks find those that do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from lookalike.metrics import METRICS, Details, Measured, Metric, Shape
from lookalike.testing import check_metric, metric_checks

#: Metrics that need not prefer real rows to wrong ones, and why.
EXEMPT = {
    "trtr": "it is trained on real rows and never looks at synthetic ones",
    "copies": "rows that resemble nobody copy nobody",
    "membership": "rows that resemble nobody give nobody away",
}
CHECKS = {
    f"{name}: {check}": run
    for name, metric in METRICS.items()
    for check, run in metric_checks(metric, prefers_real=name not in EXEMPT)
}


@pytest.mark.parametrize("name", CHECKS)
def test_every_metric_keeps_the_contract(name):
    CHECKS[name]()


class Random(Shape):
    """Draws from the global generator."""

    def _measure(self, pair):
        return Measured(float(np.random.random()))  # noqa: NPY002


class Outside(Shape):
    """Leaves its range."""

    def _measure(self, pair):
        return Measured(1.5)


class Backwards(Shape):
    """Likes what is wrong."""

    def _measure(self, pair):
        return Measured(1 - super()._measure(pair).value)


class Brittle(Shape):
    """Fails where there is little."""

    def _measure(self, pair):
        pair.codebook.numeric[0], pair.codebook.discrete[0]
        return super()._measure(pair)


@dataclass(frozen=True)
class ArrayDetails(Details):
    array: object = None


class NotJson(Shape):
    """Keeps an array."""

    details_type = ArrayDetails

    def _measure(self, pair):
        return Measured(0.5, details=ArrayDetails(array=np.zeros(2)))


class Silent(Shape):
    """Gives nothing and no reason."""

    needs = frozenset({"target"})

    def compute(self, pair):
        return super().compute(pair) if pair.target else Measured(None)


class Loud(Shape):
    name = "The Shape"


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (Random, "Random fails is_deterministic: "),
        (Outside, r"Outside fails value_is_in_its_range: .*1.5 is not in \[0.0, 1.0\]"),
        (Backwards, "Backwards fails prefers_real_rows: real held-out rows score"),
        (Brittle, "Brittle fails bad_tables_give_a_value_or_a_reason: .*IndexError"),
        (NotJson, "NotJson fails result_is_json: the details are not plain JSON"),
        (Silent, "Silent fails lack_is_a_reason: without target: .*nor a reason"),
        (Loud, "Loud fails says_what_it_is: name must be lower_case"),
    ],
)
def test_what_is_broken_is_found(metric, words):
    assert issubclass(metric, Metric)
    with pytest.raises(AssertionError, match=words):
        check_metric(metric)
