"""An evaluation's tables, JSON and words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lookalike._core.errors import DataError, OutputError
from lookalike.metrics import ColumnScore, Details, Score
from lookalike.reports import Evaluation, Summary


def test_json_has_each_score_with_its_references(evaluation: Evaluation) -> None:
    values = json.loads(evaluation.to_json())
    assert set(values["scores"]) == set(evaluation.scores)
    for name, score in values["scores"].items():
        assert {"value", "ceiling", "floor", "direction", "reason", "position"} <= set(score), name
    assert values["verdict"] == evaluation.verdict


def test_json_comes_back_as_the_same_report(evaluation: Evaluation) -> None:
    back = Evaluation.from_json(evaluation.to_json())
    assert back.summary == evaluation.summary
    assert back.verdict == evaluation.verdict
    assert back.to_html() == evaluation.to_html()
    assert back.to_json() == evaluation.to_json()


def test_json_knows_no_nan(evaluation: Evaluation) -> None:
    details = Details(raw=float("nan"), columns=(ColumnScore("x", float("inf")),))
    odd = Score("odd", float("nan"), None, None, "higher", 0, 1, details=details)
    values = json.loads(
        replace(evaluation, scores={"odd": odd}).to_json(), parse_constant=pytest.fail
    )
    assert values["scores"]["odd"]["value"] is None
    assert values["scores"]["odd"]["details"]["columns"][0]["value"] is None


def test_json_is_written_whole_or_not_at_all(evaluation: Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text("old")
    assert evaluation.to_json(path) == path.read_text(encoding="utf-8")
    with pytest.raises(OutputError, match="folder"):
        evaluation.to_json(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "scores": 3}', "\x00"])
def test_what_is_no_evaluation_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="Not the JSON of an evaluation"):
        Evaluation.from_json(text)


def test_a_later_format_is_refused(evaluation: Evaluation) -> None:
    text = evaluation.to_json().replace('"format": 2', '"format": 3', 1)
    with pytest.raises(DataError, match="newer lookalike"):
        Evaluation.from_json(text)


def test_a_damaged_summary_is_refused(evaluation: Evaluation) -> None:
    values = evaluation.summary.to_dict()
    with pytest.raises(DataError, match="Not the summary"):
        Summary.from_dict({**values, "marginals": 3})
    del values["seed"]
    with pytest.raises(DataError, match="Not the summary"):
        Summary.from_dict(values)


def test_columns_and_pairs_are_tables(evaluation: Evaluation) -> None:
    columns, pairs = evaluation.columns, evaluation.pairs
    assert columns["column"].to_pylist() == [row.column for row in evaluation.summary.columns]
    assert {"shape", "correlation_difference", "missing_real"} <= set(columns.column_names)
    assert "c2st" not in columns.column_names
    assert pairs.num_rows == 10
    trend = [value for value in pairs["trend"].to_pylist() if value is not None]
    assert trend == sorted(trend)


def test_the_worst_columns_come_first(evaluation: Evaluation) -> None:
    scores = {row.column: row.scores["shape"] for row in evaluation.summary.columns if row.compared}
    drawn = [scores[one.column] for one in evaluation.summary.marginals]
    assert drawn == sorted(drawn)


def test_a_detectors_shares_are_no_scores(evaluation: Evaluation) -> None:
    shares = [one.share for one in evaluation.summary.importances]
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    assert shares == sorted(shares, reverse=True)


def test_rows_for_a_terminal(evaluation: Evaluation) -> None:
    rows = evaluation.as_table()
    assert [row[0] for row in rows] == list(evaluation.scores)
    assert all(len(row) == 5 and row[4].endswith(".") for row in rows)


def test_it_shows_itself(evaluation: Evaluation) -> None:
    assert evaluation.verdict in repr(evaluation)
    assert "c2st_holdout" in repr(evaluation)
    html = evaluation._repr_html_()
    assert html.count("<tr>") == len(evaluation.scores) + 1
