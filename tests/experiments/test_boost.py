"""`boost` from the table to the verdict: no leak, the same numbers anywhere, no lost work."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from imblearn.over_sampling import SMOTENC
from joblib._parallel_backends import ThreadingBackend
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

import lookalike.experiments._boost as module
import lookalike.experiments._study as studies
from lookalike._core.errors import DataError, ParameterError, TrainingError
from lookalike.experiments import Verdict
from lookalike.experiments import boost as boost_with_defaults
from lookalike.experiments._contrast import HELPS
from lookalike.experiments._expected_time import expected_seconds
from lookalike.experiments._splits import Split
from lookalike.experiments._study import Study, WorkItem, steps
from lookalike.experiments._study_spec import specify
from lookalike.experiments._taught_arms import arms_for
from lookalike.models import GAN, Independent

#: A study of a second: two quick models, and a synthesizer that is fitted at once.
QUICK: dict[str, Any] = {
    "synthesizer": Independent(),
    "models": ["Gaussian naive Bayes", "decision tree"],
    "repeats": 2,
}
Maker = Callable[..., pa.Table]


def boost(*args: Any, **options: Any) -> Verdict:
    """Add 20 % more rows unless a test asks for others."""
    return boost_with_defaults(*args, **{"factors": (0.2,), **options})


def study_of(table: pa.Table, **changes: Any) -> Study:
    """Return a study of a table with a class `late`, with every arm."""
    question = specify(table, "late", None, None, None)
    values: dict[str, Any] = {
        "table": question.table,
        "schema": question.schema,
        "target": "late",
        "strata": question.strata,
        "synthesizer": Independent(),
        "arms": arms_for(
            (0.5,), replace=True, balance=False, label=False, controls=True, classes=True
        ),
        "models": {"tree": DecisionTreeClassifier()},
        "metrics": ("accuracy",),
        "seed": 0,
        "library": "pandas",
        "parted": (),
    }
    return Study(**{**values, **changes})


def work_all(study: Study, split: Split) -> dict[tuple[str, str], float | None]:
    """Do a whole split and return the values by arm and model."""
    found = steps(study, WorkItem(split, 1.0, tuple(study.keys)))
    return {(record.arm, record.model): record.value for part in found for record in part}


# --- no leak --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(),
        GridSearchCV(DecisionTreeClassifier(), {"criterion": ["gini", "entropy"]}, cv=3),
        RandomizedSearchCV(
            DecisionTreeClassifier(), {"max_features": [0.5, 1.0]}, n_iter=2, random_state=0
        ),
    ],
    ids=["tree", "grid", "random"],
)
def test_neither_the_synthesizer_nor_a_search_sees_held_out_rows(
    copycat: Independent, model: Any
) -> None:
    # The plant: labels by the toss of a coin, each beside a number that no other row has. Who has
    # seen a row knows its label; who has not can only guess.
    rng = np.random.default_rng(0)
    table = pa.table({"x": rng.permutation(400) + 0.5, "late": rng.choice(["yes", "no"], 400)})
    study = study_of(table, synthesizer=copycat, models={"tree": model})
    rows = np.arange(400)
    honest = work_all(study, Split(0, rows[:300], rows[300:]))
    assert all(0.3 < value < 0.7 for value in honest.values() if value is not None)
    leaky = work_all(study, Split(0, rows, rows[300:]))
    assert leaky["replaced", "tree"] == leaky["boosted", "tree"] == 1.0  # so it would show


class Spy(ClassifierMixin, BaseEstimator):
    """Remember what it was given."""

    seen: ClassVar[list[Any]] = []

    def fit(self, X: Any, y: Any) -> Self:
        """Keep the rows."""
        self.classes_ = np.unique(y)
        self.seen.append(X)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Keep the rows, answer anything."""
        self.seen.append(X)
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X: Any) -> np.ndarray:
        """Answer anything."""
        return np.full(len(X), self.classes_[0])


def test_scales_fillings_and_levels_are_those_of_training_rows(
    two_classes: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Spy, "seen", [])
    train = two_classes(80, 0).to_pylist()
    for row in train[::4]:
        row["x"] = None
    test = two_classes(20, 1).to_pylist()
    for row in test:  # the plant: held-out rows are far away, and from nowhere
        row["x"], row["town"] = 1e9, "Oz"
    study = study_of(pa.Table.from_pylist(train + test), models={"spy": Spy()})
    rows = np.arange(100)
    work_all(study, Split(0, rows[:80], rows[80:]))
    shapes = {inputs.shape[1] for inputs in Spy.seen}
    assert shapes == {5}  # a number and whether it is missing; Bonn, Ulm, missing: no Oz
    for inputs in Spy.seen[::2]:
        assert np.abs(inputs[:, 0].mean()) < 1e-9
        assert np.abs(inputs[:, 0].std() - 1) < 1e-9
    for inputs in Spy.seen[1::2]:
        assert (inputs[:, 0] > 1e6).all()
        assert (inputs[:, 2:] == 0).all()


def test_shrinking_trains_the_synthesizer_on_kept_rows(
    two_classes: Maker, copycat: Independent, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(
        type(copycat), "sample", lambda self, n: seen.append(len(self.rows_)) or self.rows_[:n]
    )
    found = boost(
        two_classes(100, 0), "late", **QUICK | {"synthesizer": copycat}, shares=(0.3, 1.0)
    )
    assert sorted(seen) == [24, 24, 80, 80]
    assert {(record.share, record.kept_rows) for record in found.records} == {(0.3, 24), (1, 80)}


# --- the same numbers anywhere --------------------------------------------------------------------


def numbers(verdict: Any) -> list[tuple[Any, ...]]:
    """Return all records as plain values."""
    return [tuple(vars(record).values()) for record in verdict.records]


def test_any_backend_gives_the_same_numbers(
    trains: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = QUICK | {"models": ["decision tree", "boosted trees"], "controls": False}
    alone = numbers(boost(trains, "late", **settings))
    with joblib.parallel_config("loky", n_jobs=2):
        assert numbers(boost(trains, "late", **settings)) == alone
    monkeypatch.setattr(ThreadingBackend, "supports_return_generator", False)
    with joblib.parallel_config("threading", n_jobs=2):
        assert numbers(boost(trains, "late", **settings)) == alone


@pytest.mark.slow
def test_arms_shares_and_models_do_not_change_each_other(trains: pa.Table) -> None:
    small = boost(trains, "late", **QUICK, controls=False)
    large = boost(
        trains,
        "late",
        **QUICK | {"models": [*QUICK["models"], "3 nearest neighbours"], "repeats": 3},
        factors=(0.2, 2.0),
        shares=(0.5, 1.0),
        replace=True,
    )
    assert set(small.records) < set(large.records)


def test_another_seed_gives_other_numbers(trains: pa.Table) -> None:
    found = [boost(trains, "late", **QUICK, random_state=seed).records for seed in (0, 1)]
    assert [r.value for r in found[0]] != [r.value for r in found[1]]


# --- no lost work ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_killed_study_goes_on_where_it_was(trains: pa.Table, tmp_path: Path) -> None:
    whole = boost(trains, "late", **QUICK | {"repeats": 6})
    pq.write_table(trains, tmp_path / "trains.parquet")
    path = tmp_path / "records.sqlite"
    code = f"""
import pyarrow.parquet as pq
from lookalike.experiments import boost
from lookalike.models import Independent
boost(
    pq.read_table({str(tmp_path / "trains.parquet")!r}), "late", synthesizer=Independent(),
    models=["Gaussian naive Bayes", "decision tree"], repeats=6, records={str(path)!r},
    factors=[0.2], progress=True,
)
"""
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"expected to take" in process.stderr.readline()
        assert b"trying: " in process.stderr.readline()
        process.send_signal(signal.SIGKILL)
    with sqlite3.connect(path) as database:
        (before,) = database.execute("SELECT count(*) FROM records").fetchone()
    database.close()
    assert 0 < before < len(whole.records)
    assert numbers(boost(trains, "late", **QUICK | {"repeats": 6}, records=path)) == numbers(whole)


def test_what_is_recorded_is_not_done_again(
    trains: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.sqlite"
    done: list[int] = []

    def counting(study: Study, item: WorkItem) -> Any:
        done.append(len(item.todo))
        return steps(study, item)

    monkeypatch.setattr(module, "steps", counting)
    first = boost(trains, "late", **QUICK, records=path)
    assert boost(trains, "late", **QUICK, records=path) == first
    assert len(done) == 2
    boost(trains, "late", **QUICK | {"repeats": 3}, records=path)
    assert len(done) == 3  # one split more
    boost(trains, "late", **QUICK, factors=(0.2, 0.5), records=path)
    assert done[3:] == [6, 6]  # boosted, duplicated and jitter at the new factor
    boost(
        trains, "late", **QUICK | {"synthesizer": Independent(min_category_count=3)}, records=path
    )
    assert len(done) == 7  # another synthesizer, another study in the same file


def test_what_failed_is_tried_again_where_that_is_asked_for(
    trains: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = QUICK | {"controls": False, "records": tmp_path / "records.sqlite"}
    fit = Independent.fit

    def fail(*_: Any, **__: Any) -> None:
        raise TrainingError("It went wrong.")

    monkeypatch.setattr(Independent, "fit", fail)
    assert boost(trains, "late", **settings).table[1].real is None
    monkeypatch.setattr(Independent, "fit", fit)
    assert boost(trains, "late", **settings).table[1].real is None
    mended = boost(trains, "late", **settings, retry=True)
    assert mended.records == boost(trains, "late", **QUICK, controls=False).records
    assert mended.records == boost(trains, "late", **settings).records


def test_progress_is_told_arm_by_arm(
    trains: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = QUICK | {"repeats": 2, "records": tmp_path / "records.sqlite", "progress": True}
    boost(trains, "late", **settings, controls=False)
    first, *lines = capsys.readouterr().err.splitlines()
    assert first.startswith("2 splits, 2 sets of training rows, 2 models: expected to take ")
    assert [line.split()[1] for line in lines] == ["3/10", "5/10", "8/10", "10/10"]
    assert all(line.endswith(" left") for line in lines)
    boost(trains, "late", **settings | {"repeats": 3}, controls=False)  # 10 of 15 are done
    first, *lines = capsys.readouterr().err.splitlines()
    assert first.startswith("1 split, ")
    assert [line.split()[1] for line in lines] == ["13/15", "15/15"]


def test_an_interrupted_synthesizer_ends_the_study_and_is_not_recorded(
    trains: pa.Table, cut: Independent, tmp_path: Path
) -> None:
    path = tmp_path / "records.sqlite"
    with pytest.raises(KeyboardInterrupt):
        boost(trains, "late", **QUICK | {"synthesizer": cut}, records=path)
    with sqlite3.connect(path) as database:
        # What was done before it is kept; nothing of it is.
        assert database.execute("SELECT DISTINCT arm FROM records").fetchall() == [("real",)]
    database.close()


def test_records_of_other_groups_are_not_taken(trains: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"

    def study(groups: list[str]) -> Any:
        table = trains.append_column("group", pa.array(groups))
        return boost(table, "late", **QUICK, controls=False, groups="group", records=path)

    sixes = study([f"group {k // 20}" for k in range(120)])
    fives = study([f"group {k // 24}" for k in range(120)])
    assert not {r.settings for r in sixes.records} & {r.settings for r in fives.records}
    # The same groups by other names are the same groups.
    assert study([f"place {k // 20}" for k in range(120)]).records == sixes.records


def test_records_of_another_version_are_not_taken(
    trains: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = study_of(trains).settings
    assert study_of(trains).settings == before
    installed = studies.version
    for package in studies.versions():
        monkeypatch.setattr(
            studies, "version", lambda name, new=package: "0" if name == new else installed(name)
        )
        after = study_of(trains).settings
        assert all(after[name] != before[name] for name in before)


# --- verdicts -------------------------------------------------------------------------------------


def test_help_by_construction_is_found() -> None:
    class Oracle(Independent):
        """Draw fresh rows of the truth."""

        def fit(self, data: Any, **_: Any) -> Self:
            return self

        def sample(self, n: int, **_: Any) -> pa.Table:
            rng = np.random.default_rng(self.random_state)
            return truth(rng, n)

    def truth(rng: np.random.Generator, rows: int) -> pa.Table:
        x = rng.normal(size=(rows, 6))
        late = x.sum(axis=1) + rng.normal(size=rows) > 0
        columns = {f"x{k}": x[:, k] for k in range(6)}
        return pa.table({**columns, "late": late})

    found = boost(
        truth(np.random.default_rng(0), 400),
        "late",
        synthesizer=Oracle(),
        factors=(20.0,),
        shares=(0.1,),
        models=["decision tree", "logistic regression", "Gaussian naive Bayes"],
        metrics=["roc_auc"],
    )
    assert found.table[1].word == HELPS
    assert found.answer.startswith("Synthetic rows help: with 2000 % more rows and 10 % of")


@pytest.mark.slow
def test_alarms_are_as_rare_as_they_should_be_where_labels_are_permuted() -> None:
    # `benchmarks/boost_false_alarms.py` does this with more studies and with controls.
    p_values, words = [], []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        labels = rng.permutation(["yes", "no"] * 40)
        table = pa.table({"x": rng.normal(size=80), "z": rng.normal(size=80), "late": labels})
        settings = QUICK | {"models": ["Gaussian naive Bayes"], "repeats": 4, "controls": False}
        verdict = boost(table, "late", **settings, metrics=["roc_auc"], random_state=seed)
        row = verdict.table[1]
        assert row.real is not None
        p_values.append(row.real.p)
        words.append(row.word)
    assert sum(p is not None and p < 0.05 for p in p_values) <= 3  # 1.2 are to be expected
    assert words.count(HELPS) <= 2


# --- what may come in -----------------------------------------------------------------------------


def test_models_of_the_caller(trains: pa.Table) -> None:
    onehot = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough"
    )
    models = {
        "mine": DecisionTreeClassifier(max_depth=2),
        "pipeline": make_pipeline(onehot, HistGradientBoostingClassifier(max_iter=5)),
        "broken": DecisionTreeClassifier(max_depth=-1),
    }
    found = boost(trains, "late", **QUICK | {"models": models}, metrics=["roc_auc"])
    scores = found.table[0].models
    assert scores["mine"] is not None
    assert scores["pipeline"] is not None
    assert scores["broken"] is None
    reasons = {r.reason for r in found.records if r.model == "broken"}
    assert all(reason and reason.startswith("The model failed") for reason in reasons)
    assert not hasattr(models["mine"], "tree_")  # the caller's own estimators are not fitted


class Moody(DecisionTreeClassifier):
    """A tree that will not have so many rows."""

    def __init__(self, error: type[BaseException] = RuntimeError) -> None:
        super().__init__()
        self.error = error

    def fit(self, X: Any, y: Any) -> Self:
        """Fit a few rows."""
        if len(X) > 100:
            raise self.error("too many")
        return super().fit(X, y)


@pytest.mark.parametrize("error", [RuntimeError, TypeError, KeyError])
def test_an_estimator_of_the_caller_may_raise_anything(
    trains: pa.Table, error: type[Exception]
) -> None:
    models = {"moody": Moody(error), "tree": DecisionTreeClassifier()}
    found = boost(trains, "late", **QUICK | {"models": models}, controls=False)
    values = {(r.arm, r.model): r.reason for r in found.records if r.metric == "accuracy"}
    assert values["real", "moody"] is values["boosted", "tree"] is None
    reason = values["boosted", "moody"]
    assert reason is not None
    assert reason.startswith(f"The model failed: {error.__name__}: ")
    assert "too many" in reason


def test_an_interrupt_while_a_model_of_the_caller_is_fitted_is_one(trains: pa.Table) -> None:
    with pytest.raises(KeyboardInterrupt):
        boost(trains, "late", **QUICK | {"models": {"moody": Moody(KeyboardInterrupt)}})


@pytest.mark.train
@pytest.mark.slow
def test_a_number_as_target_and_the_whole_battery(two_classes: Maker) -> None:
    found = boost(
        two_classes(90, 0),
        "x",
        synthesizer=Independent(),
        repeats=2,
        replace=True,
    )
    assert found.metric == "r2"
    assert [row.arm for row in found.table] == [
        "real",
        "boosted",
        "replaced",
        "duplicated",
        "jitter",
    ]
    assert all(record.value is not None for record in found.records)
    naive = {r.metric: r.value for r in found.records if r.model == "naive baseline"}
    assert naive["r2"] == pytest.approx(0, abs=0.1)


def test_groups_time_and_notes(two_classes: Maker) -> None:
    table = two_classes(90, 0).append_column("group", pa.array([k // 9 for k in range(90)]))
    table = table.append_column("id", pa.array([f"id-{k:04}" for k in range(90)]))
    late = table["late"].to_pylist()
    late[:3] = [None] * 3
    table = table.set_column(2, "late", pa.array(late))
    found = boost(table, "late", **QUICK, groups="group")
    assert found.facts["inputs"] == ["x", "town"]
    assert found.facts["split"] == "grouped"
    assert found.notes == (
        "3 rows without a target were left out.",
        "Identifiers, texts and constants were left out: id.",
    )
    ordered = boost(table, "late", **QUICK, time="group", kinds={"group": "integer"})
    assert ordered.facts["split"] == "time-ordered"


def test_splits_keep_groups_together_and_time_in_order(two_classes: Maker) -> None:
    table = two_classes(90, 0).append_column("place", pa.array([k % 9 for k in range(90)]))
    table = table.append_column("day", pa.array([(7 * k) % 90 for k in range(90)]))
    kinds = {"place": "integer", "day": "integer"}
    places, days = table["place"].to_numpy(), table["day"].to_numpy()
    for split in specify(table, "late", kinds, "place", None).splits(3, 0.25, 0):
        assert not set(places[split.train]) & set(places[split.test])
    for split in specify(table, "late", kinds, None, "day").splits(3, 0.25, 0):
        assert days[split.train].max() < days[split.test].min()


def test_a_synthesizer_that_fails_is_recorded(
    trains: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise TrainingError("It went wrong.")

    monkeypatch.setattr(Independent, "fit", fail)
    found = boost(trains, "late", **QUICK)
    reasons = {record.reason for record in found.records if record.arm == "boosted"}
    assert reasons == {"The synthesizer failed: It went wrong."}
    assert "Nothing can be said" in found.answer


def test_an_arm_that_cannot_be_made_is_recorded(
    trains: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("Too few neighbours.")

    monkeypatch.setattr(SMOTENC, "fit_resample", fail)
    found = boost(trains, "late", **QUICK)
    reasons = {r.arm: r.reason for r in found.records}
    assert reasons.pop("SMOTE") == "The arm failed: ValueError: Too few neighbours."
    assert set(reasons.values()) == {None}


def test_rows_that_cannot_be_prepared_are_recorded(trains: pa.Table, copycat: Independent) -> None:
    class Boundless(type(copycat)):  # type: ignore[misc]
        """Give rows that no scale can hold."""

        def sample(self, n: int, **_: Any) -> pa.Table:
            return super().sample(n).set_column(0, "x", pa.array([np.inf] * n))

    found = boost(trains, "late", **QUICK | {"synthesizer": Boundless()}, controls=False)
    reasons = {
        arm: {r.reason for r in found.records if r.arm == arm} for arm in ("real", "boosted")
    }
    assert reasons["real"] == {None}
    (reason,) = reasons["boosted"]
    assert reason is not None
    assert reason.startswith("The preparation of the rows failed: ValueError: Input X contains inf")


def test_a_mistake_in_the_synthesizers_parameters_ends_the_study(
    trains: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ParameterError("A batch must hold whole packs.")

    monkeypatch.setattr(Independent, "fit", fail)
    with pytest.raises(ParameterError, match="whole packs"):
        boost(trains, "late", **QUICK)


def test_the_verdict_as_json_and_text(trains: pa.Table, tmp_path: Path) -> None:
    found = boost(trains, "late", **QUICK)
    text = found.to_json(tmp_path / "verdict.json")
    assert (tmp_path / "verdict.json").read_text(encoding="utf-8") == text
    values = json.loads(text)
    assert values["answer"] == found.answer
    assert len(values["records"]) == len(found.records)
    assert found.answer in repr(found)
    assert "boosted +20 %" in repr(found)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "lat"}, "Did you mean 'late'"),
        ({"groups": "towns"}, "groups must be a column"),
        ({"groups": "town", "time": "x"}, "not by both"),
        ({"groups": "late"}, "another column than the target"),
        ({"groups": "town"}, "no missing cells"),
        ({"factors": (0.0,)}, "factors must be a number in"),
        ({"factors": 0.2}, "sequence of numbers"),
        ({"factors": ()}, "nothing to compare"),
        ({"retry": 1}, "retry must be"),
        ({"shares": (1.5,)}, "shares must be"),
        ({"shares": ()}, "one share at least"),
        ({"repeats": 1}, "repeats must be"),
        ({"test_size": 1.0}, "test_size must be"),
        ({"models": ["decision trees"]}, "Did you mean 'decision tree'"),
        ({"models": {"a": DecisionTreeClassifier}}, "no fit and predict"),
        ({"models": {}}, "one model at least"),
        ({"metrics": ["auc"]}, "There is no metric 'auc'"),
        ({"metrics": []}, "one metric at least"),
        ({"synthesizer": "GAN"}, "a synthesizer of lookalike"),
        ({"synthesizer": GAN(width=0)}, "width must be"),
        ({"n_jobs": 0}, "n_jobs must be"),
    ],
)
def test_calls_that_are_wrong(trains: pa.Table, changes: dict[str, Any], words: str) -> None:
    with pytest.raises((ParameterError, DataError), match=words):
        boost(trains, **{"target": "late", **QUICK, **changes})


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (["a"] * 120, "two values|predicted"),
        ([f"class {k % 110}" for k in range(120)], "at most|predicted"),
        ([f"id-{k:05}" for k in range(120)], "predicted"),
    ],
)
def test_targets_that_cannot_be_predicted(trains: pa.Table, column: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        boost(trains.set_column(2, "late", pa.array(column)), "late", **QUICK)


def test_a_column_is_needed_beside_the_target() -> None:
    with pytest.raises(DataError, match="no column to predict"):
        boost(pa.table({"late": ["yes", "no"] * 20}), "late", **QUICK)


def test_replacement_and_shrinking_can_be_asked_for_alone(trains: pa.Table) -> None:
    alone = boost(trains, "late", **QUICK, factors=(), replace=True, controls=False)
    assert [row.label for row in alone.table] == ["real", "replaced"]
    assert "with them alone" in alone.answer
    fewer = boost(trains, "late", **QUICK, factors=(), shares=(0.5, 1.0), controls=False)
    assert [row.label for row in fewer.table] == ["real, 50 % kept", "real"]
    real = [f"{row.scores['roc_auc']:.3f}" for row in fewer.table]
    assert fewer.answer == (
        f"No synthetic rows were tried: the mean ROC AUC is {real[0]} with 50 % of the training "
        f"rows kept, {real[1]} with 100 % of the training rows kept."
    )
    assert fewer.outlook == ""
    assert fewer.table[0].real is not None
    assert fewer.table[0].real.stated in fewer.more_rows
    assert "with 50 % of the real rows, ROC AUC" in fewer.more_rows
    assert "Independent()" not in fewer.to_html()
    assert "Independent()" in alone.to_html()
    assert Verdict.from_json(fewer.to_json()).to_html() == fewer.to_html()


def test_by_default_it_draws_a_learning_curve(trains: pa.Table) -> None:
    found = boost_with_defaults(trains, "late", **QUICK, controls=False)
    shares = ["real, 30 % kept", "real, 60 % kept", "real"]
    assert [row.label for row in found.table if row.role == "real"] == shares
    assert [row.factor for row in found.table if row.role == "synthetic"] == [0.2, 1.0, 2.0]
    assert (found.facts["shares"], found.facts["curve"]) == ([1.0], [0.3, 0.6])
    # Synthetic rows are learned at all rows only.
    assert {r.arm for r in found.records if r.share < 1} == {"real"}
    fewer = next(row.real for row in found.table if row.share == 0.6)
    assert fewer is not None
    assert (fewer.against, fewer.against_share) == ("real", 1.0)
    assert f"with 60 % of the real rows, ROC AUC {fewer.stated}" in found.more_rows
    assert found.summary.endswith(found.more_rows)
    assert Verdict.from_json(found.to_json()) == found
    page = found.to_html().replace("\u00a0", " ")
    assert found.more_rows in page
    assert "Learning curve" in page


def test_a_quick_study_is_a_smaller_one_that_can_be_enlarged(trains: pa.Table) -> None:
    options = {"synthesizer": Independent(), "quick": True, "controls": False}
    found = boost_with_defaults(trains, "late", **options)
    assert found.facts["models"] == ["logistic regression", "decision tree", "boosted trees"]
    assert (found.facts["repeats"], found.facts["factors"]) == (3, [0.2, 1.0])
    larger = boost_with_defaults(trains, "late", **options | {"repeats": 4}, curve=())
    assert (larger.facts["repeats"], larger.facts["curve"]) == (4, [])


def test_the_expected_time_is_said_before_work_begins(
    trains: pa.Table, capsys: pytest.CaptureFixture[str]
) -> None:
    boost(trains, "late", **QUICK, controls=False, progress=True)
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == (
        "2 splits, 2 sets of training rows, 2 models: expected to take less than 10 seconds"
    )
    assert rest
    boost(trains, "late", **QUICK, controls=False, progress=False)
    assert capsys.readouterr().err == ""


def test_more_work_is_expected_to_take_longer(trains: pa.Table) -> None:
    study = study_of(trains)
    keys = tuple(study.keys)
    split = Split(0, np.arange(96), np.arange(96, 120))
    whole = expected_seconds(study, [WorkItem(split, 1.0, keys)] * 6, 1)
    assert 0 < expected_seconds(study, [WorkItem(split, 1.0, keys)] * 2, 1) < whole
    assert expected_seconds(study, [], 2) == 0
    learned = replace(study, synthesizer=GAN())
    assert expected_seconds(learned, [WorkItem(split, 1.0, keys)] * 6, 1) > 2 * whole


def test_what_was_done_is_among_the_facts(trains: pa.Table) -> None:
    facts = boost(trains, "late", **QUICK, factors=(0.5,), shares=(0.5, 1.0)).facts
    assert facts["kinds"] == {"x": "continuous", "town": "categorical", "late": "boolean"}
    assert (facts["factors"], facts["shares"]) == ([0.5], [0.5, 1.0])
    assert (facts["replace"], facts["controls"]) == (False, True)
    assert facts["counts"] == [
        {"share": share, "train_rows": [96, 96], "kept_rows": [kept] * 2, "test_rows": [24, 24]}
        for share, kept in ((0.5, 48), (1.0, 96))
    ]
    assert list(facts["arms"])[:3] == ["real", "boosted", "duplicated"]
    assert "0.1 standard deviations" in facts["arms"]["jitter"]
    assert "5 nearest" in facts["arms"]["SMOTE"]


def test_support_vector_machines_are_left_out_of_many_rows(
    trains: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_ROWS_SVM", 50)
    arms = arms_for((0.2,), replace=False, balance=False, label=False, controls=False, classes=True)
    models, notes = module._models(None, specify(trains, "late", None, None, None), arms, 0.2)
    assert "support vector machine" not in models
    assert "was left out" in notes[0]
