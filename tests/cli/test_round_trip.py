"""The commands one after the other, on a small table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from lookalike.models import Independent
from lookalike.tables import read_table, write_table

Run = Callable[..., Any]
HEADER = "age,pay,town,late"


@pytest.mark.train
def test_fit_writes_a_model_and_speaks_on_standard_error(
    run: Run, csv: Path, small: list[str]
) -> None:
    model = csv.with_name("m.lookalike")
    result = run("fit", csv, "-o", model, *small, "--seed", 3, "--target", "late")
    assert result.code == 0
    assert model.is_file()
    assert result.out == ""
    assert f"wrote {model}: 120 rows learned, seed 3" in result.err
    assert "values that it generates: " in result.err


@pytest.mark.slow
@pytest.mark.train
def test_fit_goes_on_from_a_model_with_columns_of_other_names(
    run: Run, csv: Path, trained: Path, small: list[str]
) -> None:
    csv.write_text(csv.read_text().replace("pay", "wage").replace("town", "place"))
    model = csv.with_name("m.lookalike")
    words = ["fit", csv, "-o", model, *small, "--warm-start", trained]
    result = run(*words, "--mapping", "pay=wage", "--mapping", "town=place")
    assert result.code == 0
    assert model.is_file()
    result = run(*words, "--mapping", "pey=wage")
    assert result.code == 2
    assert "maps 'wage' to 'pey', which the model has not learned" in result.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mapping", "pay=wage"], "give --warm-start"),
        (["--mapping", "pay"], "OLD=NEW"),
        (["--mapping", "=wage"], "OLD=NEW"),
        (["--mapping", "pay=wage", "--mapping", "age=wage"], "'wage' comes twice"),
    ],
)
def test_a_wrong_mapping_is_refused(run: Run, csv: Path, words: list[str], said: str) -> None:
    result = run("fit", csv, "-o", csv.with_name("m.lookalike"), *words)
    assert result.code == 2
    assert said in result.err


@pytest.mark.train
def test_quiet_fit_says_nothing(run: Run, csv: Path, small: list[str]) -> None:
    model = csv.with_name("m.lookalike")
    result = run("fit", csv, "-o", model, *small, "--quiet")
    assert (result.code, result.out, result.err) == (0, "", "")


@pytest.mark.train
def test_fit_reads_standard_input(run: Run, people: str, tmp_path: Path, small: list[str]) -> None:
    model = tmp_path / "m.lookalike"
    result = run("fit", "-", "-o", model, *small, stdin=people)
    assert result.code == 0
    assert model.is_file()


@pytest.mark.parametrize("rows", [0, 1, 57])
def test_sample_writes_exactly_n_rows(run: Run, fitted: Path, tmp_path: Path, rows: int) -> None:
    out = tmp_path / "out.csv"
    result = run("sample", fitted, "-n", rows, "-o", out)
    assert (result.code, result.out) == (0, "")
    lines = out.read_text().splitlines()
    assert lines[0] == HEADER
    assert len(lines) == rows + 1


def test_sample_to_standard_output_is_nothing_but_the_table(run: Run, fitted: Path) -> None:
    result = run("sample", fitted, "-n", 4, "-o", "-")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[0] == HEADER
    assert len(result.out.splitlines()) == 5


def test_sample_is_the_same_for_the_same_seed(run: Run, fitted: Path) -> None:
    def rows(*words: object) -> str:
        return run("sample", fitted, "-n", 20, "-o", "-", *words).out

    assert rows("--seed", 5) == rows("--seed", 5)
    assert rows("--seed", 5) != rows("--seed", 6)
    assert rows() == rows("--seed", 1)  # the model's own seed


def test_sample_writes_parquet_and_packed_csv(run: Run, fitted: Path, tmp_path: Path) -> None:
    for name in ("out.parquet", "out.csv.gz"):
        assert run("sample", fitted, "-n", 9, "-o", tmp_path / name).code == 0
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 9
    assert pacsv.read_csv(tmp_path / "out.csv.gz").num_rows == 9


def test_evaluate_shows_scores_between_their_references(
    run: Run, csv: Path, fitted: Path, tmp_path: Path
) -> None:
    fake, page = tmp_path / "fake.csv", tmp_path / "report.html"
    run("sample", fitted, "-n", 120, "-o", fake)
    result = run("evaluate", csv, fake, "--target", "late", "--html", page)
    assert result.code == 0
    assert "c2st" in result.out
    assert "independent" in result.out
    assert "wrote" not in result.out
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")


def test_evaluate_writes_json_to_standard_output(run: Run, csv: Path, people: str) -> None:
    result = run("evaluate", csv, "-", "--json", "-", "--seed", 2, stdin=people)
    assert result.code == 0
    scores = json.loads(result.out)["scores"]
    assert {"value", "ceiling", "floor"} <= scores["c2st"].keys()
    assert scores["shape"]["value"] == pytest.approx(1.0)


def test_evaluate_takes_kinds_and_held_out_rows(run: Run, csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.json"
    result = run("evaluate", csv, csv, "--holdout", csv, "--kind", "age=categorical", "--json", out)
    assert result.code == 0
    assert "scores" in json.loads(out.read_text())


def test_info_explains_each_column(run: Run, csv: Path) -> None:
    result = run("info", csv)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("120 rows, 4 columns")
    lines = {line.split()[0]: line for line in result.out.splitlines()[2:] if line}
    assert "integer" in lines["age"]
    assert "continuous" in lines["pay"]
    assert "categorical" in lines["town"]
    assert "1 (0.8%)" in lines["town"]
    assert "boolean" in lines["late"]


def test_info_names_cells_in_the_way_and_takes_gaps(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    rows = [f"{i},{['1.0', '0.0', ''][i % 3]}" for i in range(30)]
    path.write_text("\n".join(["age,smoker", *rows, "about 40,1.0"]) + "\n")
    result = run("info", path)
    assert result.code == 0
    assert result.err.startswith("warning: Column 'age' is read as text: 30 of 31 cells are numb")
    assert "such as 'about 40'" in result.err
    lines = {line.split()[0]: line for line in result.out.splitlines()[2:] if line}
    assert "boolean" in lines["smoker"]


def test_info_of_data_as_json_is_a_schema(run: Run, csv: Path) -> None:
    from lookalike.tables import Schema

    result = run("info", csv, "--json", "--kind", "age=continuous")
    schema = Schema.from_dict(json.loads(result.out))
    assert schema["age"].kind == "continuous"


def test_info_says_which_relations_are_used_and_which_are_not(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    steps = np.round(7_000 + 2_000 * rng.normal(size=300))
    key = np.where(rng.random(300) < 0.6, rng.integers(0, 10, 300), np.arange(300) + 100)
    value = np.where(key < 10, 20 + key * 7 % 13, key * 104_729 % 100)
    km = np.round(0.00076 * steps * (1 + 0.01 * rng.normal(size=300)), 3)
    rows = zip(steps, km, np.char.add("k", key.astype(str)), value, strict=True)
    data, model = tmp_path / "data.csv", tmp_path / "model.lookalike"
    data.write_text(
        "steps,km,key,value\n" + "".join(f"{a:.0f},{b},{c},{d}\n" for a, b, c, d in rows)
    )
    Independent(random_state=0).fit(read_table(data)).save(model)
    for path in (data, model):
        result = run("info", path).out
        assert "value is determined by key: its distribution would be off by" in result
        facts = json.loads(run("info", path, "--json").out)
        schema = facts.get("schema", facts)
        assert any("held-out rows" in d["against"] for d in schema["rejected"])
    assert "km = 0.00076 × steps + residual" in run("info", data).out


def test_info_reads_standard_input(run: Run, people: str) -> None:
    assert run("info", "-", stdin=people).out.startswith("120 rows")


@pytest.mark.train
def test_info_shows_a_model(run: Run, trained: Path) -> None:
    result = run("info", trained)
    assert (result.code, result.err) == (0, "")
    for words in ("GAN", "steps", "rows learned", "120", "pay", "continuous", "May I share this?"):
        assert words in result.out


@pytest.mark.train
def test_info_of_a_model_as_json_holds_no_row(run: Run, trained: Path) -> None:
    facts = json.loads(run("info", trained, "--json").out)
    assert facts["class"] == "GAN"
    assert facts["rows"] == 120
    assert facts["seed"] == 1
    assert facts["parameters"]["steps"] == 8
    assert facts["history"]["rows"][-1]["step"] == 8
    assert [column["name"] for column in facts["schema"]["columns"]] == HEADER.split(",")


def test_info_knows_a_model_by_its_content(run: Run, fitted: Path, tmp_path: Path) -> None:
    other = tmp_path / "model.bin"
    other.write_bytes(fitted.read_bytes())
    assert "Independent" in run("info", other).out


@pytest.mark.train
def test_interrupted_fit_writes_what_was_learned(
    run: Run, csv: Path, monkeypatch: pytest.MonkeyPatch, small: list[str]
) -> None:
    from lookalike.training import Game

    advance, calls = Game.advance, []

    def interrupted(self: Game, *arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return advance(self, *arguments)

    monkeypatch.setattr(Game, "advance", interrupted)
    model = csv.with_name("m.lookalike")
    result = run("fit", csv, "-o", model, *small)
    assert result.code == 0
    assert "warning: " in result.err
    assert "interrupt" in result.err
    assert run("sample", model, "-n", 2, "-o", "-").code == 0


def test_evaluate_takes_kinds_and_target_from_a_model(run: Run, csv: Path, tmp_path: Path) -> None:
    # An integer of few values is a class to a model that was fitted to predict it.
    table = read_table(csv)
    grades = pa.array([row % 3 for row in range(len(table))])
    write_table(table.append_column("grade", grades), tmp_path / "graded.csv")
    graded, path = tmp_path / "graded.csv", tmp_path / "graded.lookalike"
    Independent(random_state=0).fit(read_table(graded), target="grade").save(path)
    found = json.loads(run("evaluate", graded, graded, "--model", path, "--json", "-").out)
    kinds = {column["column"]: column["kind"] for column in found["summary"]["columns"]}
    assert found["summary"]["target"] == "grade"
    assert kinds["grade"] == "categorical"
    refused = run("evaluate", graded, graded, "--model", path, "--kind", "grade=integer")
    assert refused.code != 0
    assert "--model or --kind" in refused.err
