"""What every metric of sequences does: ranges, seeds, reasons, ugly data."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from lookalike._core.errors import DataError, ParameterError, SchemaError
from lookalike._core.late import JUDGES
from lookalike.metrics.sequences import SEQUENCE_METRICS, SequenceMetric, chosen_metrics
from lookalike.reports import Evaluation, evaluate

FAST = [name for name in SEQUENCE_METRICS.entered if name != "discriminative_score"]


def ugly(entities: int, seed: int) -> pd.DataFrame:
    """Make histories with missing cells, one event, infinite numbers, many levels, ties."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 9, entities)
    rows = int(sizes.sum())
    number = np.where(random.random(rows) < 0.2, np.nan, random.normal(size=rows) * 1e12)
    return pd.DataFrame(
        {
            "Kunde № 漢字": np.repeat([f"k{i}" for i in range(entities)], sizes),
            "when": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(random.integers(0, 60, rows), unit="D"),
            "number": number,
            "many": [f"level {i}" for i in random.integers(0, 30_000, rows)],
            "rare": np.where(random.random(rows) < 0.02, "yes", None),
            "one": "same",
            "home": np.repeat(random.choice(["<b>a</b>", "b"], entities), sizes),
        }
    )


@pytest.fixture(scope="module")
def found() -> Evaluation:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return evaluate(ugly(80, 0), ugly(90, 1), ugly(60, 2), entity="Kunde № 漢字", time="when")


def test_every_score_is_in_its_range_or_has_a_reason(found: Evaluation) -> None:
    assert set(FAST) <= set(found.scores)
    for score in found.scores.values():
        if score.value is None:
            assert score.reason
        else:
            assert score.low - 1e-9 <= score.value <= score.high + 1e-9
            assert score.ceiling is not None


@pytest.mark.slow
def test_a_report_reads_back_as_it_was(found: Evaluation) -> None:
    again = Evaluation.from_json(found.to_json())
    assert again.scores["validity"].details == found.scores["validity"].details
    assert again.to_html() == found.to_html()
    assert "Traceback" not in found.to_html()
    assert "<b>a</b>" not in found.to_html()


def test_no_real_number_is_in_the_file(found: Evaluation) -> None:
    numbers = ugly(80, 0)["number"].dropna().abs().astype("int64").astype(str)
    text = found.to_json()
    assert sum(number in text for number in numbers) == 0


def test_the_same_seed_gives_the_same_scores_whatever_the_order_of_the_rows() -> None:
    names = ["sequence_c2st", "coherence", "lengths", "sequence_copies"]
    tables = [ugly(60, seed) for seed in range(3)]
    tables[1]["when"] = (
        tables[1]
        .groupby("Kunde № 漢字")
        .cumcount()
        .map(lambda day: pd.Timestamp("2024-01-01") + pd.Timedelta(days=day))
    )
    order = {"entity": "Kunde № 漢字", "time": "when", "metrics": names, "random_state": 5}
    first = evaluate(*tables, **order)
    again = evaluate(*tables, **order)
    assert first.to_json() == again.to_json()


def test_validity_names_the_rule_that_is_broken(chains) -> None:
    real, other = chains(60, 1), chains(60, 2)
    places = other.groupby("id").cumcount()
    other.loc[places == 1, "t"] = other.loc[(places == 0).to_numpy(), "t"].to_numpy()
    other.loc[other["id"] == "e0", "group"] = ["m", *["f"] * (int((other["id"] == "e0").sum()) - 1)]
    score = evaluate(
        real, other, chains(60, 3), entity="id", time="t", metrics=["validity"]
    ).scores["validity"]
    shares = {one.rule: one.share for one in score.details.rules}
    assert shares["no two events at one time"] == 0.0
    assert shares["group constant"] == pytest.approx(1 - 1 / 60)
    assert shares["3 to 11 events"] == 1.0
    assert (score.value, score.ceiling) == (0.0, 1.0)
    assert "no two events at one time" in score.warning


def test_rules_that_real_histories_break_are_not_checked(chains) -> None:
    real = chains(60, 1).assign(t=1.0)
    score = evaluate(real, chains(60, 2), entity="id", time="t", metrics=["validity"]).scores
    rules = [one.rule for one in score["validity"].details.rules]
    assert "no two events at one time" not in rules


def test_windows_with_numbers_are_compared_with_one_series(autoregressive) -> None:
    windows = autoregressive(720, 1)
    windows["window"] = np.arange(720) // 24
    found = evaluate(
        autoregressive(720, 0),
        windows,
        entity="window",
        window=24,
        metrics=["autocorrelation", "coherence"],
    )
    assert found.summary.sequences.synthetic_units == 30
    assert found.scores["coherence"].value > 0.9


def test_texts_of_dates_order_a_series() -> None:
    days = pd.date_range("2020-01-01", periods=400).strftime("%d.%m.%Y")
    table = pd.DataFrame({"day": days, "x": np.sin(np.arange(400) / 5)})
    mixed = table.sample(frac=1, random_state=1)
    found = evaluate(table, mixed, time="day", metrics=["autocorrelation", "validity"])
    assert found.scores["autocorrelation"].value < 0.05
    assert found.scores["validity"].details.rules[0].share == 0.0


@pytest.mark.parametrize(
    ("change", "order", "error", "words"),
    [
        ({}, {"entity": "idd"}, ParameterError, "no 'idd'. Did you mean 'id'"),
        ({}, {"entity": "id", "time": "tt"}, ParameterError, "there is no 'tt'"),
        ({}, {"entity": "id", "time": "state"}, ParameterError, "dates, times or numbers; 'state'"),
        ({}, {"entity": "id", "time": "id"}, ParameterError, "two columns"),
        ({}, {"entity": "id", "time": "t", "window": 500}, DataError, "smaller window"),
        ({}, {"window": 1}, ParameterError, "2 events or more"),
        ({}, {"window": 2.5}, ParameterError, "whole number"),
        ({}, {"entity": "id", "target": "state"}, ParameterError, "target is for tables"),
        ({}, {"entity": "id", "metrics": ["gapz"]}, ParameterError, "Did you mean 'gaps'"),
        ({"t": np.nan}, {"entity": "id", "time": "t"}, Exception, "missing|constant"),
        ({"id": "a"}, {"entity": "id", "time": "t"}, DataError, "two entities or more"),
    ],
)
def test_bad_input_gives_one_clear_line(chains, change, order, error, words) -> None:
    table = chains(20, 0).assign(**change)
    with pytest.raises(error, match=words) as caught:
        evaluate(table, table, **order)
    assert "\n" not in str(caught.value)


def test_a_table_without_the_column_of_entities_is_refused(chains) -> None:
    table = chains(20, 0)
    with pytest.raises(SchemaError, match="the synthetic one has no 'id'"):
        evaluate(table, table.drop(columns="id"), entity="id", time="t")


def test_missing_entities_and_times_are_counted(chains) -> None:
    table = chains(20, 0)
    broken = table.assign(t=table["t"].where(table.index > 2))
    with pytest.raises(DataError, match=r"3 of .* cells of 't' are missing in the synthetic table"):
        evaluate(table, broken, entity="id", time="t")


def test_single_events_and_few_units_have_reasons() -> None:
    table = pd.DataFrame({"id": [f"a{i}" for i in range(12)], "x": np.arange(12) % 5})
    found = evaluate(table, table, entity="id")
    assert "20 real histories or more" in found.scores["sequence_c2st"].reason
    assert found.scores["coherence"].reason == "No unit has two events."
    assert "No detector judged the histories" in found.verdict


class _Mine(SequenceMetric):
    """Count the units."""

    name = "mine"

    def _compare(self, pair):
        raise ValueError("nothing to count")


def test_a_metric_of_ones_own_joins_and_a_failure_is_a_reason(chains) -> None:
    SEQUENCE_METRICS["mine"] = _Mine
    try:
        found = evaluate(chains(9, 0), chains(9, 1), entity="id", metrics=["mine"])
    finally:
        del SEQUENCE_METRICS["mine"]
    assert found.scores["mine"].reason == "It could not be computed: nothing to count"


def test_the_published_judge_is_computed_on_request_alone(autoregressive, monkeypatch) -> None:
    asked = []

    def judge(real, synthetic, seed):
        asked.append((real.shape, synthetic.shape, seed))
        return 0.5 + 0.01 * (len(asked) % 5)

    monkeypatch.setitem(JUDGES._finders, "recurrent", lambda: judge)
    real, other = autoregressive(240, 0), autoregressive(200, 1)
    found = evaluate(real, other, window=8, metrics=["discriminative_score"])
    score = found.scores["discriminative_score"]
    assert score.value == pytest.approx(0.02)
    assert score.details.runs == pytest.approx((0.01, 0.02, 0.03, 0.04, 0.0))
    # Windows begin at every step, as many on each side.
    assert asked[0][:2] == ((193, 8, 2), (193, 8, 2))
    assert len({seed for *_, seed in asked[:5]}) == 5
    assert "discriminative_score" not in [metric.name for metric in chosen_metrics()]
