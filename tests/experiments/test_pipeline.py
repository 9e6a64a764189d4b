"""Tests of `pipeline`: its cycles, what they may see, and what is kept of a run."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pandas as pd
import pytest
from imblearn.under_sampling import EditedNearestNeighbours
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer

import lookalike as la
from lookalike._core.seeds import derive_seed
from lookalike.errors import DataError, FileFormatError, ParameterError, SchemaError
from lookalike.experiments import PipelineReport
from lookalike.experiments._pipeline._gain import validation_gain
from lookalike.experiments._pipeline._matched import column_distance, matched_rows
from lookalike.experiments._pipeline._mix import MixPart, TrainingMix
from lookalike.experiments._pipeline._predictor import Predictor
from lookalike.experiments._pipeline._spec import spec_arguments
from lookalike.experiments._pipeline._store import StepStore
from lookalike.experiments._pipeline._weak import weak_classes, weak_regions
from lookalike.experiments._study_spec import specify
from lookalike.metrics import Codebook, View

QUICK = {
    "synthesizer": la.BayesianNetwork(parents=1, refine={"correct": False, "calibrate": False}),
    "estimator": "Gaussian naive Bayes",
    "cycles": 2,
    "splits": 3,
    "progress": False,
}


def people(rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """Return a table with missing cells, levels, and a class that follows from two columns."""
    random = np.random.default_rng(seed)
    age = random.normal(40, 12, rows).round(1)
    town = random.choice(["Oslo", "Rome", "Łódź"], rows)
    late = random.random(rows) < 1 / (1 + np.exp(-(age - 45) / 6 - (town == "Rome")))
    age[random.random(rows) < 0.05] = np.nan
    return pd.DataFrame({"age": age, "town": town, "late": np.where(late, "yes", "no")})


@pytest.fixture(scope="module")
def found() -> PipelineReport:
    return la.pipeline(people(), target="late", **QUICK)


# --- the whole ------------------------------------------------------------------------------------


def test_cycles_are_reported_from_the_state_before_any_change(found) -> None:
    first, second, *_ = found.cycles
    assert (first.number, first.made, first.gain) == (0, "real rows", None)
    assert second.made == "+100 % rows as they come"
    assert second.rows == pytest.approx(154, abs=1)
    assert second.gain_low <= second.gain <= second.gain_high
    assert 0.5 < first.report <= 1
    assert found.facts["report_rows"] == 48


def test_a_change_that_is_not_kept_leaves_the_report_score(found) -> None:
    for before, after in zip(found.cycles, found.cycles[1:], strict=False):
        if not after.kept:
            assert after.report == before.report
    if not any(one.kept for one in found.cycles):
        assert "gained nothing" in found.answer
        assert not found.gained


def test_the_final_rows_are_those_outside_the_report(found) -> None:
    assert list(found.data.columns) == ["age", "town", "late", "synthetic"]
    assert set(found.data["late"]) == {"yes", "no"}
    assert (~found.data["synthetic"]).sum() == 240 - 48


def test_a_report_is_read_back_and_has_the_same_page(found) -> None:
    again = PipelineReport.from_json(found.to_json())
    assert again == found
    assert again.data is None
    page = found.to_html()
    assert again.to_html() == page
    assert "<svg" in page
    assert "real rows" in page
    assert found.to_frame().shape[0] == len(found.cycles)
    assert found.answer in repr(found)


def test_the_same_seed_gives_the_same_report_and_another_one_does_not(found) -> None:
    assert la.pipeline(people(), target="late", **QUICK).to_json() == found.to_json()
    other = la.pipeline(people(), target="late", random_state=1, **QUICK)
    assert other.cycles[0].report != found.cycles[0].report


def test_all_steps_are_recorded_with_digests(found) -> None:
    names = [step["step"] for step in found.steps]
    assert names[0] == "split"
    assert set(names) == {
        "split",
        "fit",
        "generate",
        "preprocess",
        "evaluate",
        "refine",
        "report",
    }
    assert names.count("evaluate") == 3 * len(found.cycles)
    last_refined = max(place for place, name in enumerate(names) if name == "refine")
    assert min(place for place, name in enumerate(names) if name == "report") > last_refined
    assert all(step["output"] and step["inputs"] for step in found.steps)


def test_report_rows_change_no_decision() -> None:
    table = people()
    spec = specify(table, "late", None, None, None)
    held = spec.splits(1, 0.2, derive_seed(0, "report rows"))[0].test
    changed = table.copy()
    # Inputs of report rows alone; the labels stay, by which the rows are split.
    changed.loc[held, "age"] = table.loc[held, "age"].to_numpy()[::-1]
    changed.loc[held, "town"] = "Rome"
    one, two = (la.pipeline(t, target="late", **QUICK) for t in (table, changed))
    assert [c.report for c in one.cycles] != [c.report for c in two.cycles]
    for name in ("made", "weak", "validation", "gain", "kept"):
        assert [getattr(c, name) for c in one.cycles] == [getattr(c, name) for c in two.cycles]
    refined = [[s for s in found.steps if s["step"] == "refine"] for found in (one, two)]
    assert refined[0] == refined[1]


class Checkerboard:
    """A world whose classes alternate over the squares of a board."""

    schema_ = "known"

    def sample(self, n, *, given=None, random_state=0):
        random = np.random.default_rng(random_state)
        x, y = random.random((2, n))
        even = (np.floor(4 * x) + np.floor(4 * y)) % 2 == 0
        label = np.where(random.random(n) < np.where(even, 0.95, 0.05), "yes", "no")
        rows = pd.DataFrame({"x": x.round(3), "y": y.round(3), "label": label})
        return rows if given is None else rows[rows["label"] == given["label"]]


def test_more_rows_of_the_world_itself_are_kept_and_gain() -> None:
    options = {"cycles": 1, "splits": 6, "progress": False, "estimator": "decision tree"}
    found = la.pipeline(Checkerboard(), target="label", rows=300, **options)
    assert found.cycles[1].kept
    assert found.final.report > found.cycles[0].report
    assert found.gained
    assert found.answer.startswith("Refinement helped: 1 of 1 changes was kept")
    assert found.rivals[0].name.startswith("copies")
    assert found.rivals[0].low > 0
    assert "say nothing of real rows" in found.notes[-1]
    assert found.data["synthetic"].sum() == 240
    again = PipelineReport.from_json(found.to_json())
    assert again.to_html() == found.to_html()


def test_permuted_labels_gain_nothing() -> None:
    table = people(seed=3)
    table["late"] = np.random.default_rng(0).permutation(table["late"])
    found = la.pipeline(table, target="late", **QUICK)
    assert not any(one.kept for one in found.cycles)
    assert "gained nothing" in found.answer


def test_synthetic_rows_alone_stand_beside_real_ones() -> None:
    found = la.pipeline(people(), target="late", replace=True, **{**QUICK, "cycles": 1})
    assert found.cycles[0].made == "+100 % rows as they come"
    assert found.rivals[0].name == "real rows"
    assert found.rivals[0].report > 0.5
    assert found.data["synthetic"].all()


def test_numbers_are_predicted_from_dataframes_by_a_pipeline() -> None:
    table = people()[["age", "town"]].assign(cost=lambda t: 3 * t["age"].fillna(40))
    table["cost"] += np.random.default_rng(0).normal(size=len(table))
    only_age = make_pipeline(SimpleImputer(), LinearRegression())
    found = la.pipeline(
        table.drop(columns="town"), target="cost", **{**QUICK, "estimator": only_age}
    )
    assert found.facts["metric"] == "r2"
    assert found.cycles[0].validation > 0.5
    less = la.pipeline(
        table.drop(columns="town"),
        target="cost",
        metric="mae",
        **{**QUICK, "estimator": only_age, "cycles": 0},
    )
    assert not less.facts["higher_is_better"]
    assert "Nothing was refined" in less.answer


def test_a_goal_ends_the_cycles_and_so_does_the_time() -> None:
    early = la.pipeline(people(), target="late", goal=0.5, **QUICK)
    assert len(early.cycles) == 1
    assert "goal of 0.5" in early.answer
    short = la.pipeline(people(), target="late", seconds=0, **QUICK)
    assert len(short.cycles) == 1
    assert "0 seconds" in short.facts["ended"]


# --- preprocessing and estimators -----------------------------------------------------------------


class FewRows(ClassifierMixin, BaseEstimator):
    """A classifier that fails where it has many rows."""

    def fit(self, inputs, target):
        if len(inputs) > 160:
            raise RuntimeError("too many rows")
        self.model_ = GaussianNB().fit(inputs, target)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, inputs):
        return self.model_.predict(inputs)

    def predict_proba(self, inputs):
        return self.model_.predict_proba(inputs)


def test_a_change_on_which_the_model_fails_is_not_kept_and_says_why() -> None:
    found = la.pipeline(people(), target="late", **{**QUICK, "estimator": FewRows()})
    assert not found.cycles[1].kept
    assert "too many rows" in found.cycles[1].reason
    assert "too many rows" in found.to_html()


def test_a_model_that_fails_on_the_first_rows_is_an_error() -> None:
    with pytest.raises(DataError, match="first rows cannot be evaluated"):
        la.pipeline(people(400), target="late", **{**QUICK, "estimator": FewRows()})


def test_samplers_act_on_training_rows_alone_and_transformers_on_all() -> None:
    spec = specify(people(), "late", None, None, None)
    book = Codebook(spec.table, spec.schema)
    from lookalike.experiments._study import training_set

    rows = training_set(spec.table, book, "late")
    steps = (PowerTransformer(), EditedNearestNeighbours())
    predictor = Predictor(GaussianNB(), steps, book, "late", "pandas", 0)
    prepared = predictor.prepare(rows)
    assert len(prepared.target) < 240
    assert len(prepared.steps) == 2
    predictions = predictor.predict(prepared, rows)
    assert len(predictions["scores"]) == 240
    found = la.pipeline(people(), target="late", preprocess=list(steps), **QUICK)
    counts = [step["rows"] for step in found.steps if step["step"] == "preprocess"]
    assert min(counts) < 154


# --- a run that was killed ------------------------------------------------------------------------


class Killed(BaseException):
    """Ends a run as a signal does."""


def test_a_killed_run_goes_on_where_it_stopped(tmp_path, monkeypatch, found) -> None:
    predict, calls = Predictor.predict, []

    def counted(self, prepared, rows):
        calls.append(1)
        if len(calls) == 5:
            raise Killed
        return predict(self, prepared, rows)

    monkeypatch.setattr(Predictor, "predict", counted)
    with pytest.raises(Killed):
        la.pipeline(people(), target="late", folder=tmp_path, **QUICK)
    assert (tmp_path / "steps.json").exists()
    again = la.pipeline(people(), target="late", folder=tmp_path, **QUICK)
    assert again.to_json() == found.to_json()
    evaluations = sum(step["step"] in ("evaluate", "report") for step in found.steps)
    assert len(calls) == evaluations + 1  # the one that was killed
    la.pipeline(people(), target="late", folder=tmp_path, **QUICK)
    assert len(calls) == evaluations + 1  # all was there
    assert not list(tmp_path.glob(".lookalike*"))


def test_a_folder_of_one_question_answers_no_other(tmp_path) -> None:
    table = people().assign(old=lambda t: np.where(t["age"] > 50, "old", "young"))
    options = {**QUICK, "cycles": 1}
    one = la.pipeline(table, target="late", folder=tmp_path, **options)
    two = la.pipeline(table, target="old", folder=tmp_path, **options)
    assert two.to_json() == la.pipeline(table, target="old", **options).to_json()
    assert one.to_json() == la.pipeline(table, target="late", folder=tmp_path, **options).to_json()


def test_a_damaged_array_is_computed_again(tmp_path, found) -> None:
    la.pipeline(people(), target="late", folder=tmp_path, **QUICK)
    arrays, model = sorted(tmp_path.glob("*.npz"))[0], next(tmp_path.glob("*.lookalike"))
    arrays.write_bytes(b"no archive")
    model.write_bytes(b"no model")
    again = la.pipeline(people(), target="late", folder=tmp_path, **QUICK)
    assert again.to_json() == found.to_json()


def test_a_damaged_block_of_an_array_is_computed_again(tmp_path) -> None:
    def kept() -> np.ndarray:
        made = StepStore(tmp_path).once("fit", {"seed": "1"}, lambda: {"zeros": np.zeros(900)})
        return made["zeros"]

    kept()
    (path,) = tmp_path.glob("*.npz")
    content = bytearray(path.read_bytes())
    start = 30 + int.from_bytes(content[26:28], "little") + int.from_bytes(content[28:30], "little")
    content[start : start + 20] = b"\xff" * 20  # no block of DEFLATE begins so
    path.write_bytes(content)
    assert (kept() == 0).all()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": 1, "steps": [{}]}', '{"format": 99, "steps": []}']
)
def test_steps_that_cannot_be_read_are_an_error(tmp_path, text) -> None:
    (tmp_path / "steps.json").write_text(text, encoding="utf-8")
    with pytest.raises(FileFormatError, match="ew folder"):
        la.pipeline(people(), target="late", folder=tmp_path, **QUICK)


# --- the parts ------------------------------------------------------------------------------------


def test_a_planted_region_is_found_and_none_in_noise() -> None:
    random = np.random.default_rng(0)
    table = people(1_000)
    spec = specify(table, "late", None, None, None)
    hidden = ((table["town"] == "Rome") & (table["age"] > 45)).to_numpy()
    losses = random.exponential(1 + 2 * hidden)
    best = weak_regions(spec, losses, 0)[0]
    assert {name for name, _ in best.given} == {"town", "age"}
    assert best.strength > 3
    # Two standard errors on rows that took no part in the search: one region in 44 by chance.
    false = [weak_regions(spec, random.exponential(size=1_000), seed) for seed in range(20)]
    assert sum(map(len, false)) <= 6


def test_a_class_of_large_losses_is_weak_and_rows_never_held_out_do_not_count() -> None:
    table = people(400)
    spec = specify(table, "late", None, None, None)
    losses = np.where(table["late"] == "yes", 2.0, 0.5) + np.random.default_rng(0).normal(size=400)
    losses[:100] = np.nan
    assert [spot.words for spot in weak_classes(spec, losses)] == ["late = yes"]
    assert weak_classes(spec, np.full(400, np.nan)) == []


def test_chosen_rows_have_the_shares_of_the_real_ones() -> None:
    real, made = people(800), people(3_200, seed=1)
    made["town"] = np.where(made["age"] > 40, "Rome", "Oslo")
    made.loc[:400, "town"] = "Łódź"
    spec = specify(real, "late", None, None, None)
    book = Codebook(spec.table, spec.schema)
    other = specify(made, "late", None, None, None).table
    views = View(spec.table, book, 0), View(other, book, 0)
    before = column_distance(*views[:1], "late", "town", views[1])
    rows = matched_rows(*views, "late", ["town"], 800, np.random.default_rng(0))
    assert len(rows) == len(set(rows.tolist())) == 800
    after = column_distance(views[0], "late", "town", View(other.take(rows), book, 0))
    assert after < before / 3


def test_a_mix_says_what_it_is_and_takes_the_place_of_ordinary_rows() -> None:
    plain = TrainingMix(True).changed(MixPart(1.0))
    matched = plain.changed(MixPart(1.0, matched=("age",)))
    both = matched.changed(MixPart(0.25, (("age", (None, 20.0)), ("town", None))))
    assert plain.words == "real rows, +100 % rows as they come"
    assert len(matched.parts) == 1
    assert both.words.endswith("+25 % rows with age up to 20 and town missing")
    assert json.dumps(both.to_list())
    assert len({mix.key for mix in (plain, matched, both)}) == 3


def test_a_gain_is_one_sided_and_less_may_be_better() -> None:
    new, old = [0.4, 0.41, 0.39, 0.4], [0.5, 0.52, 0.5, 0.49]
    assert validation_gain(new, old, "log_loss", 0.25).p < 0.01
    assert validation_gain(new, old, "roc_auc", 0.25).p > 0.99
    same = validation_gain(old, old, "roc_auc", 0.25)
    assert (same.mean, same.p) == (0, 0.5)


# --- the file, and bad input ----------------------------------------------------------------------

SPEC = """
data = "people.csv"
target = "late"
cycles = 1
splits = 3
seed = 4

[generate]
model = "independent"
min_category_count = 1

[[preprocess]]
use = "sklearn.preprocessing.PowerTransformer"
standardize = true

[[preprocess]]
use = "sklearn.feature_selection.SelectFromModel"
estimator = {use = "sklearn.linear_model.LogisticRegression", C = 0.5}

[estimator]
use = "sklearn.naive_bayes.GaussianNB"
"""


def test_a_file_is_the_same_as_the_call(tmp_path) -> None:
    people().to_csv(tmp_path / "people.csv", index=False)
    (tmp_path / "spec.toml").write_text(SPEC, encoding="utf-8")
    found = la.pipeline(tmp_path / "spec.toml", progress=False)
    assert found.facts["seed"] == 4
    assert found.facts["generator"].startswith("Independent")
    assert "PowerTransformer" in found.facts["preprocess"][0]
    given = spec_arguments(tmp_path / "spec.toml")
    assert la.pipeline(**given, progress=False).to_json() == found.to_json()
    with pytest.raises(ParameterError, match="write cycles there"):
        la.pipeline(tmp_path / "spec.toml", cycles=3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("cycle = 2", "no entry 'cycle'. Did you mean 'cycles'"),
        ('estimator = {use = "os.system"}', "may use classes of sklearn"),
        ('estimator = {use = "sklearn._config.set_config"}', "may use classes of sklearn"),
        ('estimator = {use = "sklearn.utils.shuffle"}', "is none"),
        ('estimator = {use = "sklearn.svm.SVCC"}', "Did you mean 'SVC'"),
        ('estimator = {use = "sklearn.svm.SVC", D = 1}', "unexpected keyword"),
        ("estimator = 3", "which class to use"),
        ('generate = "forrest"', "Did you mean 'Forest'"),
        ("generate = {trees = 3}", "must name a model"),
        ('generate = {model = "forest", treess = 3}', "Did you mean 'trees'"),
        (
            'estimator = {use = "sklearn.cluster.FeatureAgglomeration", memory = "x"}',
            "must not set memory",
        ),
        ("preprocess = 3", "must be [[preprocess]] tables"),
    ],
)
def test_a_wrong_file_is_one_clear_error(change, message) -> None:
    values = tomllib.loads(f'data = "x.csv"\ntarget = "y"\n{change}')
    with pytest.raises((FileFormatError, ParameterError)) as caught:
        spec_arguments(values)
    assert message in str(caught.value)


def test_parts_within_a_list_are_built() -> None:
    steps = [["scale", {"use": "sklearn.preprocessing.PowerTransformer"}]]
    steps.append(["model", {"use": "sklearn.naive_bayes.GaussianNB"}])
    estimator = {"use": "sklearn.pipeline.Pipeline", "steps": steps}
    given = spec_arguments({"data": "x.csv", "target": "y", "estimator": estimator})
    assert [type(part).__name__ for _, part in given["estimator"].steps] == [
        "PowerTransformer",
        "GaussianNB",
    ]


@pytest.mark.slow
def test_splits_by_few_groups_may_have_the_same_rows() -> None:
    frame = people().assign(who=np.arange(240) % 5)
    whole = la.pipeline(
        frame, target="late", groups="who", **QUICK | {"splits": 6, "replace": True, "cycles": 1}
    )
    fits = [step["inputs"]["split"] for step in whole.steps if step["step"] == "fit"]
    assert {str(split) for split in range(6)} <= set(fits)


def test_a_file_without_data_or_no_toml_is_an_error(tmp_path) -> None:
    with pytest.raises(FileFormatError, match="must name its target"):
        spec_arguments({"data": "x.csv"})
    (tmp_path / "spec.toml").write_text("data = ", encoding="utf-8")
    with pytest.raises(FileFormatError, match="no pipeline in TOML"):
        la.pipeline(tmp_path / "spec.toml")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"target": None}, ParameterError, "target must name"),
        ({"target": "lat"}, ParameterError, "Did you mean 'late'"),
        ({"metric": "roc"}, ParameterError, "There is no metric 'roc'"),
        ({"estimator": "tree"}, ParameterError, "There is no model 'tree'"),
        ({"estimator": GaussianNB}, ParameterError, "must be scikit-learn estimators"),
        ({"preprocess": [PowerTransformer]}, ParameterError, "preprocess must hold"),
        ({"cycles": -1, "splits": 1}, ParameterError, "cycles must be"),
        ({"rows": 100}, ParameterError, "rows is for a model"),
        ({"synthesizer": "forest"}, ParameterError, "synthesizer must be"),
        ({"groups": "late"}, ParameterError, "another column than the target"),
        ({"kinds": {"late": "text"}}, SchemaError, "can be predicted"),
    ],
)
def test_a_wrong_call_is_one_clear_error(options, error, message) -> None:
    with pytest.raises(error, match=message):
        la.pipeline(people(60), **{"target": "late", **QUICK, **options})


def test_a_model_must_be_fitted_and_needs_a_number_of_rows() -> None:
    with pytest.raises(ParameterError, match="must be fitted"):
        la.pipeline(la.Independent(), target="y", rows=100)
    model = la.Independent(random_state=0).fit(people(60))
    with pytest.raises(ParameterError, match="number of rows"):
        la.pipeline(model, target="late")
    with pytest.raises(ParameterError, match="not both"):
        la.pipeline(model, target="late", rows=100, synthesizer=la.Independent())


def test_few_rows_of_one_class_are_an_error() -> None:
    with pytest.raises(SchemaError, match="every cell is the same"):
        la.pipeline(people(60).assign(late="no"), target="late", **QUICK)
