"""Rules that a table suggests: true ones are found, chance is not, and the text can be read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lookalike import check_rules, propose_rules
from lookalike.cli import main
from lookalike.rules import split_rules


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 900
    frame = pd.DataFrame({"low": rng.normal(10, 3, n).round(2)})
    frame["high now"] = (frame.low + rng.exponential(2, n)).round(2)
    frame["price"], frame["count"] = rng.lognormal(2, 1, n).round(2), rng.integers(1, 40, n)
    frame["total"] = (frame.price * frame["count"]).round(2)
    frame["kind"] = rng.choice(["a", "b", "c"], n)
    frame["note"] = np.where(frame.kind == "b", np.nan, rng.normal(0, 1, n))
    frame["noise"] = rng.normal(10, 3, n).round(2)
    return frame


def test_true_rules_are_found_and_chance_is_not(table: pd.DataFrame) -> None:
    found = {proposed.rule for proposed in propose_rules(table)}
    assert {"low <= `high now`", "total == price * count", "price > 0"} <= found
    assert 'kind == "b" -> note is missing' in found
    assert not any("noise" in rule and ("low" in rule or "high" in rule) for rule in found)


def test_proposals_are_proven_on_other_rows(table: pd.DataFrame) -> None:
    for proposed in propose_rules(table):
        assert proposed.support >= 30
        assert proposed.exceptions <= 0.01 * proposed.support
    assert propose_rules(table.head(40)) == []


def test_exceptions_are_counted(table: pd.DataFrame) -> None:
    frame = table.copy()
    frame.loc[::300, "total"] += 5
    (found,) = [p for p in propose_rules(frame) if p.rule == "total == price * count"]
    assert 0 <= found.exceptions <= 3


def test_commands(table: pd.DataFrame, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    data, rules, model = (str(tmp_path / name) for name in ("t.csv", "r.txt", "m.lookalike"))
    table.to_csv(data, index=False)
    assert main(["rules", data]) == 0
    text = capsys.readouterr().out
    (tmp_path / "r.txt").write_text(text, encoding="utf-8")
    assert len(split_rules(text)) == len(text.splitlines())
    assert main(["check", data, "--rules", rules]) == 0
    assert "hold in all 900 rows" in capsys.readouterr().out
    fit = ["fit", data, "-o", model, "--model", "independent", "--seed", "0", "--rules", rules]
    assert main(fit) == 0
    assert main(["info", model]) == 0
    assert "low <= `high now`" in capsys.readouterr().out
    made = str(tmp_path / "s.csv")
    assert main(["sample", model, "-n", "500", "-o", made]) == 0
    assert main(["check", made, "--rules", rules]) == 0


def test_check_fails_with_the_rows(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    data = str(tmp_path / "t.csv")
    pd.DataFrame({"p": [1.5, 2.5, 9.5], "q": [2.5, 2.5, 3.5]}).to_csv(data, index=False)
    kinds = ["--kind", "p=continuous", "--kind", "q=continuous"]
    assert main(["check", data, "--rule", "p <= q", *kinds]) == 1
    assert "p <= q: broken in 1 row (counted from 0: 2)" in capsys.readouterr().out
    assert main(["check", data]) == 2
    assert main(["check", data, "--rules", str(tmp_path / "none.txt")]) == 2
    assert main(["check", data, "--rule", "p <= z", *kinds]) == 2


def test_a_table_without_rules_passes_a_python_check() -> None:
    assert check_rules(pd.DataFrame({"p": [1.5]}), []).passed


def test_names_and_levels_of_any_kind_are_written_as_they_are_read() -> None:
    rng = np.random.default_rng(0)
    level = rng.choice(["it's", 'say "x"', "both ' and \"", "a -> b"], 600)
    frame = pd.DataFrame({"class": level, "two  gaps": rng.random(600)})
    for k, one in enumerate(np.unique(level)):
        frame[f"note {k}"] = np.where(level == one, None, "q")
    frame["tick`s"] = frame["two  gaps"] + 5
    frame["a\nb"] = 2 * frame["two  gaps"]
    rules = [proposed.rule for proposed in propose_rules(frame)]
    assert "`tick``s` == `two  gaps` + 5.0" in rules
    assert '`class` == "both \' and """ -> `note 1` is missing' in rules
    assert '`class` == "say ""x""" -> `note 3` is missing' in rules
    assert not any("\n" in rule for rule in rules)
    assert split_rules("\n".join(rules)) == rules
    assert check_rules(frame, rules).passed
    assert check_rules(frame, ['class == "a -> b" -> `note 0` is missing']).passed
