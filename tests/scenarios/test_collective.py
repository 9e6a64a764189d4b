"""Collective anomalies: whole real events, odd only together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from lookalike.errors import DataError, ParameterError, SchemaError
from lookalike.scenarios import CollectiveAnomalies, Scenario


def events(entities: int = 40, length: int = 30, seed: int = 0) -> pd.DataFrame:
    """Return histories: a static column, a number that wanders, a level, in mixed order."""
    random = np.random.default_rng(seed)
    rows = entities * length
    table = pd.DataFrame(
        {
            "who": np.repeat([f"Ü{i}" for i in range(entities)], length),
            "when": np.tile(np.arange(length), entities),
            "sex": np.repeat(random.choice(["f", "m"], entities), length),
            "level": np.repeat(random.normal(0, 2, entities), length),
            "shop": random.choice(["a", "b", "c"], rows),
        }
    )
    table["amount"] = (table.pop("level") + np.cumsum(random.normal(0, 0.1, rows))).round(3)
    return table.sample(frac=1, random_state=seed).reset_index(drop=True)


def applied(kind: str, **options):
    step = {"name": "collective_anomalies", "kind": kind, "length": 8, "runs": 5, **options}
    return Scenario([step]).apply(events(), random_state=1)


BY = {"entity": "who", "time": "when"}


@pytest.mark.parametrize("kind", ["repeated", "shuffled", "foreign"])
def test_every_event_is_a_real_one_within_one_entity(kind: str) -> None:
    before, found = events(), applied(kind, **BY)
    rows = found.labels["row"].to_numpy()
    assert len(rows) > 20
    assert found.labels["column"].isna().all()
    kept = ["who", "when", "sex"]
    pd.testing.assert_frame_equal(found.data[kept], before[kept])
    pairs = set(zip(before["amount"], before["shop"], strict=True))
    assert set(zip(found.data["amount"], found.data["shop"], strict=True)) <= pairs
    others = before.index.difference(rows)
    pd.testing.assert_frame_equal(found.data.loc[others], before.loc[others])
    assert 1 <= found.data.loc[rows, "who"].nunique() <= 5
    for first, last in found.manifest["steps"][0]["run_ends"]:
        one, two = found.data.loc[first], found.data.loc[last]
        assert one["who"] == two["who"]
        assert two["when"] - one["when"] == 7


def test_a_kind_is_what_it_says() -> None:
    before = events()
    repeated = applied("repeated", **BY)
    for first, _ in repeated.manifest["steps"][0]["run_ends"]:
        run = repeated.data[in_run(before, first)]
        assert run["amount"].nunique() == 1
    shuffled = applied("shuffled", **BY)
    for first, _ in shuffled.manifest["steps"][0]["run_ends"]:
        run = in_run(before, first)
        one, two = before[run], shuffled.data[run]
        assert sorted(one["amount"]) == sorted(two["amount"])
        assert one["amount"].tolist() != two["amount"].tolist()


def in_run(table: pd.DataFrame, first: int) -> pd.Series:
    """Return the rows of the run that begins with a row."""
    own = table["who"] == table.loc[first, "who"]
    return own & (table["when"] - table.loc[first, "when"]).between(0, 7)


def test_single_rows_do_not_tell_and_the_history_does() -> None:
    found = applied("foreign", runs=20, **BY)
    truth = np.zeros(len(found.data))
    truth[found.labels["row"]] = 1
    alone = IsolationForest(random_state=0).fit(found.data[["amount"]])
    assert abs(roc_auc_score(truth, -alone.score_samples(found.data[["amount"]])) - 0.5) < 0.12
    usual = found.data.groupby("who")["amount"].transform("median")
    assert roc_auc_score(truth, (found.data["amount"] - usual).abs()) > 0.85


def test_the_dial_changes_a_part_of_each_run_and_labels_say_how_much() -> None:
    scenario = Scenario([CollectiveAnomalies("foreign", 8, 5, **BY)])
    table = events()
    import pyarrow as pa

    rows = pa.Table.from_pandas(table, preserve_index=False)
    counts = [len(scenario.run(rows, 1, dial).labels) for dial in (0.0, 0.5, 1.0)]
    assert counts[0] == 0
    assert 15 < counts[1] <= 20 < counts[2] <= 40
    half = scenario.run(rows, 1, 0.5).labels["strength"].to_numpy()
    assert half.max() <= 0.5


def test_a_table_without_entities_is_one_sequence() -> None:
    found = applied("foreign")
    assert len(found.labels) > 30
    assert set(found.data["who"]) == set(events()["who"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kind": "odd"}, ParameterError, "kind must be"),
        ({"kind": "foreign", "length": 1}, ParameterError, "length must be"),
        ({"kind": "foreign", "entity": "whom"}, SchemaError, "Did you mean 'who'"),
        ({"kind": "foreign", "entity": "who", "time": "who"}, ParameterError, "two columns"),
        ({"kind": "foreign", "entity": "who", "length": 31}, DataError, "room for 0"),
        ({"kind": "foreign", "length": 700, "runs": 1}, DataError, "successive events elsewhere"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(options, error, message) -> None:
    with pytest.raises(error, match=message):
        Scenario([{"name": "collective_anomalies", **options}]).apply(events())
