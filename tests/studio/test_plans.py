"""Choices become command lines that the command line accepts, and Python that parses."""

from __future__ import annotations

import ast
import shlex

import pytest

from lookalike.cli._app import app
from lookalike.errors import InputError
from lookalike.models import find_synthesizer
from lookalike.studio._commands import (
    FAMILIES,
    FitChoice,
    audit_plan,
    boost_plan,
    compare_plan,
    database_plan,
    database_words,
    fit_plan,
    function_plan,
    history_plan,
    sample_words,
)
from lookalike.studio._forms import Form, fit_choice

SCHEMA = {"columns": [{"name": "age", "kind": "integer"}, {"name": "--json", "kind": "text"}]}
KINDS = ("integer", "continuous", "text", "categorical")
HOSTILE = '--json "; rm -rf ~ #'
CHOICE = FitChoice(
    model="gan",
    target=HOSTILE,
    kinds={"a=b": "categorical"},
    rules=("--html <= 3",),
    budget="fast",
    seed=7,
)
PLANS = {
    "fit": fit_plan(CHOICE, "my table.csv", "../../tables/0/data.csv", 60, {}),
    "auto": fit_plan(FitChoice("auto", seconds=30), "a.parquet", "../x.parquet", 60, {}),
    "preset": fit_plan(FitChoice(preset="joshi-2d"), "a.csv", "../x.csv", 60, {}),
    "histories": history_plan(
        FitChoice("sequences", HOSTILE, {"a=b": "integer"}, entity="--id", time=HOSTILE),
        *("a.csv", "../x.csv", 9, {}),
    ),
    "series": history_plan(FitChoice("sequences", time="t"), "a.parquet", "../x.parquet", 50, {}),
    "database": database_plan("shop.db", "sqlite:///../x.sqlite", 0.5, 3, {}),
    "compare": compare_plan("a.csv", "../x.csv", HOSTILE, 60, 0, {}),
    "boost": boost_plan("a.csv", "../x.csv", "y", 0, {}),
    "audit": audit_plan("GAN", "../0", ".csv", 0, {}),
    "function": function_plan("--list", "joshi-2d", 300, 0.01, 0),
}


def accepted(words: list[str]) -> dict[str, object]:
    """Return the parameters that the command line reads from words."""
    import typer

    group = typer.main.get_command(app)
    command = group.get_command(None, words[0])  # type: ignore[attr-defined]
    return command.make_context(words[0], list(words[1:])).params  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", PLANS)
def test_the_command_line_accepts_every_command(name: str) -> None:
    for words in PLANS[name].commands:
        accepted(list(words))
    for line in PLANS[name].shown.splitlines():
        words = shlex.split(line)
        assert words[0] == "lookalike"
        accepted(words[1:])


@pytest.mark.parametrize("name", PLANS)
def test_the_python_is_python(name: str) -> None:
    ast.parse(PLANS[name].python)


def test_what_a_user_writes_is_never_an_option() -> None:
    _, fit, _, score = PLANS["fit"].commands
    read = accepted(list(fit))
    assert read["target"] == HOSTILE
    assert read["kind"] == ["a=b=categorical"]
    assert read["rules_file"] == "rules.txt"
    assert PLANS["fit"].files == {"rules.txt": "--html <= 3\n"}
    assert read["html_file"] is None
    assert accepted(list(score))["holdout"] == "test.csv"
    assert accepted(list(PLANS["function"].commands[0]))["expression"] == "--list"
    assert accepted(list(PLANS["function"].commands[0]))["listing"] is False
    words = sample_words(10, ["--seed=9"], 3, "rows.csv")
    assert accepted(words)["where"] == ["--seed=9"]
    assert accepted(words)["seed"] == 3


def test_every_family_is_one() -> None:
    for name, (family, _) in FAMILIES.items():
        assert name in ("auto", "sequences") or find_synthesizer(name).__name__ == family


def test_shown_commands_name_the_table_as_its_owner_does() -> None:
    assert "'my table.csv'" in PLANS["fit"].shown
    assert "../" not in PLANS["fit"].shown
    assert "../" not in PLANS["audit"].shown


def test_a_form_is_read() -> None:
    form = Form(b"model=gan&target=age&kind-0=continuous&kind-1=text&rules=a+%3C+b%0A%0A&seed=3")
    choice = fit_choice(form, SCHEMA, KINDS, ["joshi-2d"])
    assert choice == FitChoice("gan", "age", {"age": "continuous"}, ("a < b",), seed=3)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"model=gna", "model must be one of these"),
        (b"target=agee", "Did you mean 'age'"),
        (b"kind-0=number", "kind-0 must be one of these"),
        (b"seed=-1", "seed must be a whole number"),
        (b"seed=" + "٣".encode(), "seed must be a whole number"),
        (b"model=auto&seconds=9999999", "from 5 to 86,400"),
        (b"preset=nothing", "preset must be one of these"),
        (b"a=\xff", "cannot be read"),
    ],
)
def test_wrong_fields_are_refused(body: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        fit_choice(Form(body), SCHEMA, KINDS, ["joshi-2d"])


def test_histories_are_held_out_whole_and_a_series_is_not() -> None:
    histories, series = PLANS["histories"], PLANS["series"]
    assert [words[0] for words in histories.commands] == ["split", "fit", "sample", "evaluate"]
    split, fit, sample, score = (accepted(list(words)) for words in histories.commands)
    assert split["entity"] == fit["entity"] == score["entity"] == "--id"
    assert fit["time"] == score["time"] == HOSTILE
    assert sample["rows"] == 9
    assert score["holdout"] == "test.csv"
    assert [words[0] for words in series.commands] == ["fit", "sample", "evaluate"]
    fit, sample, score = (accepted(list(words)) for words in series.commands)
    assert fit["time"] == score["time"] == "t"
    assert sample["length"] == 50
    assert score["holdout"] is None
    assert [histories.facts["unit"], series.facts["unit"]] == ["histories", "events"]
    more = accepted(sample_words(7, (), 0, "rows.csv", "events"))
    assert (more["length"], more["rows"]) == (7, None)


def test_sequences_name_a_column_and_take_no_rules() -> None:
    def chosen(text: bytes) -> FitChoice:
        return fit_choice(Form(b"model=sequences&" + text), SCHEMA, KINDS, ())

    assert (chosen(b"entity=age").entity, chosen(b"time=--json").time) == ("age", "--json")
    with pytest.raises(InputError, match="column of the entity"):
        chosen(b"")
    with pytest.raises(InputError, match="Rules are for"):
        chosen(b"entity=age&rules=age%3E3")
    with pytest.raises(InputError, match="no column"):
        chosen(b"time=nowhere")
    assert fit_choice(Form(b"model=forest&entity=age"), SCHEMA, KINDS, ()).entity is None


def test_auto_takes_rules() -> None:
    choice = fit_choice(Form(b"model=auto&rules=age%3E3"), SCHEMA, KINDS, ())
    assert choice.rules == ("age>3",)


def test_a_database_is_learned_and_generated_as_a_whole() -> None:
    fit, sample, score = (accepted(list(words)) for words in PLANS["database"].commands)
    assert fit["data"] == score["real"] == "sqlite:///../x.sqlite"
    assert sample["output"] == score["synthetic"] == "sqlite:///synthetic.sqlite"
    assert (sample["scale"], sample["overwrite"]) == (0.5, True)
    assert "lookalike fit sqlite:///shop.db" in PLANS["database"].shown
    assert accepted(database_words(2.0, 1, "sqlite:///rows.sqlite"))["scale"] == 2.0
    form = Form(b"scale=0&other=1e9&word=x&good=.25")
    for name in ("scale", "other", "word"):
        with pytest.raises(InputError, match=rf"{name} must be a number"):
            form.factor(name)
    assert (form.factor("good"), form.factor("empty")) == (0.25, 1.0)
