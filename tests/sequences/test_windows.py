"""Windows of regular series: engines chosen with proof, transforms with reasons, files, times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.cli import main
from lookalike.errors import DataError, ModelFileError, ParameterError
from lookalike.sequences._gaussians import Gaussians
from lookalike.sequences._judge import told_apart_by
from lookalike.sequences._regular import RegularTimes
from lookalike.sequences._window_model import apart

FAST = {"trees": 2, "random_state": 0}


def waves(n=1600, seed=0):
    """Return a smooth series of two columns, one of which grows in proportion to its level."""
    rng = np.random.default_rng(seed)
    wave, level = np.zeros(n), np.zeros(n)
    for k in range(2, n):
        wave[k] = 1.8 * wave[k - 1] - 0.9 * wave[k - 2] + rng.normal()
        level[k] = 0.98 * level[k - 1] + 0.2 * rng.normal()
    level = np.exp(level)
    return pd.DataFrame(
        {
            "t": pd.date_range("2024-01-01", periods=n, freq="h"),
            "wave": wave,
            "level": 100 * level,
            "double": 200 * level,
        }
    )


@pytest.fixture(scope="module")
def series():
    return waves()


@pytest.fixture(scope="module")
def model(series):
    return la.Sequences(**FAST, window=12).fit(series, time="t")


def test_smooth_windows_are_generated_as_a_whole(model, series):
    assert model.engine_ == "basis"
    made = model.sample(windows=300)
    assert len(made) == 300 * 12
    bends = {}
    for name, wave in (("real", series["wave"]), ("made", made["wave"])):
        cells = wave.to_numpy()[: len(wave) // 12 * 12].reshape(-1, 12)
        bends[name] = np.abs(np.diff(cells, 2, axis=1)).mean()
        assert cells.min() >= series["wave"].min()
        assert cells.max() <= series["wave"].max()
    assert bends["made"] == pytest.approx(bends["real"], rel=0.25)


def test_dependent_columns_are_exact(model):
    made = model.sample(windows=20)
    assert np.allclose(made["double"], 2 * made["level"])


def test_transforms_are_found_with_reasons(model):
    assert model.transforms_["level"].startswith("power: ")
    assert model.transforms_["wave"].startswith("standard: ")


def test_transforms_may_be_chosen(series):
    chosen = la.Sequences(**FAST, engine="basis", window=12, transforms={"level": "quantile"})
    assert chosen.fit(series, time="t").transforms_["level"] == "quantile: chosen"
    short = series[:300]
    for wrong, words in (({"lvel": "power"}, "Did you mean 'level'"), ({"wave": "log"}, "'log'")):
        with pytest.raises(ParameterError, match=words):
            la.Sequences(**FAST, engine="basis", window=12, transforms=wrong).fit(short, time="t")


def test_spikes_stay(series):
    rng = np.random.default_rng(0)
    spiky = series[["wave"]].assign(rain=np.where(rng.random(len(series)) < 0.7, 0.0, 2.5))
    spiky["rain"] *= rng.integers(1, 4, len(series))
    model = la.Sequences(**FAST, engine="basis", window=12).fit(spiky, kinds={"rain": "continuous"})
    made = model.sample(windows=200)
    assert model.transforms_["rain"].startswith("quantile: ")
    assert (made["rain"] == 0).mean() == pytest.approx(0.7, abs=0.05)
    assert set(made["rain"]) <= set(spiky["rain"])


def test_windows_follow_the_calendar():
    n = 2400
    hours = pd.date_range("2024-01-01", periods=n, freq="h")
    load = np.sin(2 * np.pi * hours.hour / 24) + np.random.default_rng(0).normal(0, 0.2, n)
    series = pd.DataFrame({"hour": hours, "load": load})
    made = la.Sequences(**FAST, engine="basis").fit(series, time="hour").sample(windows=200)
    expected = np.sin(2 * np.pi * made["hour"].dt.hour / 24)
    assert np.corrcoef(made["load"], expected)[0, 1] > 0.9
    assert made["hour"].between(hours[0], hours[-1]).all()
    assert (made.groupby("window")["hour"].diff().dropna() == pd.Timedelta("1h")).all()


def test_windows_depend_on_their_number_alone(model):
    five = model.sample(windows=5)
    rest = model.sample(windows=2, start=3)
    assert rest.equals(five[36:].reset_index(drop=True))
    assert model.sample(windows=5, window=8)["window"].value_counts().eq(8).all()


def test_windows_to_conditions(model):
    high = {"max level": (400, None), "change wave": (None, 0)}
    made = model.sample(windows=20, given=high)
    groups = made.groupby("window")
    assert (groups["level"].max() >= 400).all()
    assert (groups["wave"].last() <= groups["wave"].first()).all()
    rest = model.sample(windows=3, start=17, given=high)
    assert rest.equals(made[17 * 12 :].reset_index(drop=True))
    for wrong, words in (
        ({"level": 3}, "Did you mean '"),
        ({"max level": 3}, "is a range"),
        ({"max level": (5, 3)}, "is a range"),
        ({"mean t": (1, 2)}, "column of numbers"),
    ):
        with pytest.raises(ParameterError, match=words):
            model.sample(windows=2, given=wrong)
    with pytest.raises(DataError, match="0 fulfil the condition max level in"):
        model.sample(windows=2, given={"max level": (1e9, None)})


def test_histories_of_one_length_are_windows(tmp_path):
    rng = np.random.default_rng(0)
    n, steps = 150, 10
    base = rng.normal(size=(n, 2, 1)) * np.linspace(1, 2, steps) + rng.normal(size=(n, 2, 1))
    panel = pd.DataFrame(
        {
            "id": np.repeat([f"S-{k:03d}" for k in range(n)], steps),
            "day": np.tile(pd.date_range("2024-01-01", periods=steps), n),
            "x": base[:, 0].reshape(-1),
            "y": base[:, 1].reshape(-1),
        }
    )
    fitted = la.Sequences(**FAST, engine="basis").fit(panel, entity="id", time="day")
    made = fitted.sample(40)
    assert made["id"].nunique() == 40
    assert not set(made["id"]) & set(panel["id"])
    assert (made["day"].to_numpy() == np.tile(panel["day"][:steps], 40)).all()
    bends = np.abs(np.diff(made["x"].to_numpy().reshape(40, steps), 2, axis=1))
    assert bends.max() < 0.05
    assert fitted.sample(3, start=5).equals(made[50:80].reset_index(drop=True))
    fitted.save(tmp_path / "m.lookalike")
    assert la.load(tmp_path / "m.lookalike").sample(40).equals(made)
    for change, words in (
        (panel[1:], "different lengths"),
        (panel.assign(group=panel["id"].str[-1]), "static columns, such as 'group'"),
        (panel[:500], "50 histories are fewer than 100"),
    ):
        with pytest.raises(DataError, match=words):
            la.Sequences(**FAST, engine="basis").fit(change, entity="id", time="day")


def test_longer_windows_are_drawn_event_by_event(model):
    assert len(model.sample(windows=2, window=20)) == 40
    assert len(model.sample(length=30)) == 30


def test_files(model, tmp_path):
    path = tmp_path / "m.lookalike"
    model.save(path)
    loaded = la.load(path)
    assert loaded.sample(windows=4).equals(model.sample(windows=4))
    assert loaded.transforms_ == model.transforms_
    assert loaded.engine_ == "basis"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("covariances", lambda a: -a),
        ("functions", lambda a: a[:-1]),
        ("weights", lambda a: a[:0]),
        ("rotation", lambda a: a * np.nan),
    ],
)
def test_damaged_files_are_refused(model, tmp_path, monkeypatch, name, change):
    from lookalike.models import _archive
    from lookalike.sequences import _saving

    def write(parts, path):
        key = next(k for k in parts.arrays if k.endswith(name) and "windows" in k)
        parts.arrays[key] = change(parts.arrays[key])
        _archive.write_parts(parts, path)

    monkeypatch.setattr(_saving, "write_parts", write)
    model.save(tmp_path / "x.lookalike")
    with pytest.raises(ModelFileError):
        la.load(tmp_path / "x.lookalike")


def test_unsuited_series_are_refused_in_words(series):
    demanding = la.Sequences(**FAST, engine="basis")
    series = series[:600]
    holes = series.assign(wave=series["wave"].where(np.arange(len(series)) != 7))
    words = series.assign(wave=np.where(series["wave"] > 0, "up", "down"))
    uneven = series.assign(t=series["t"] + pd.to_timedelta(np.arange(len(series)) ** 2, "s"))
    for table, reason in (
        (holes, "'wave' has missing cells"),
        (words, "'wave' is categorical|'wave' is boolean"),
        (uneven, "the steps of 't' are not equal"),
        (series[:100], "100 events are fewer than 20 windows of 24"),
    ):
        with pytest.raises(DataError, match=reason):
            demanding.fit(table, time="t")
    automatic = la.Sequences(**FAST).fit(holes, time="t")
    assert automatic.engine_ == "trees"
    assert any("missing cells" in event.words for event in automatic.history_.events)


def test_an_interrupt_leaves_a_model_that_draws_events(series, monkeypatch):
    from lookalike.sequences import _learning

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(_learning, "with_windows", interrupted)
    with pytest.warns(la.errors.LookalikeWarning, match="event by event"):
        model = la.Sequences(**FAST).fit(series[:300], time="t")
    assert model.engine_ == "trees"
    assert len(model.sample(windows=2, window=6)) == 12


def test_parameters_that_an_engine_does_not_use_are_refused(series):
    for wrong in (
        {"engine": "trees", "transforms": {"wave": "power"}},
        {"engine": "basis", "training": {"steps": 3}},
        {"engine": "bsis"},
        {"window": 2},
    ):
        with pytest.raises(ParameterError):
            la.Sequences(**FAST, **wrong).fit(series, time="t")
    with pytest.raises(DataError, match="more than 3,000 numbers"):
        la.Sequences(**FAST, engine="basis", window=1_200).fit(series, time="t")


def test_command_line(series, tmp_path, capsys):
    data, out = str(tmp_path / "s.csv"), str(tmp_path / "m.lookalike")
    series[:600].to_csv(data, index=False)
    settings = ["--set", "engine=basis", "--set", "window=12", "--set", "trees=2"]
    assert main(["fit", data, "-o", out, "--time", "t", "--seed", "1", "--quiet", *settings]) == 0
    made = str(tmp_path / "made.csv")
    assert main(["sample", out, "--windows", "5", "-o", made]) == 0
    assert len(pd.read_csv(made)) == 60
    where = ["--where", "min level=50.."]
    assert main(["sample", out, "--windows", "5", "-o", made, *where]) == 0
    assert pd.read_csv(made)["level"].min() >= 50
    capsys.readouterr()
    assert main(["info", out]) == 0
    assert "as a whole, by basis" in capsys.readouterr().out
    assert main(["fit", data, "-o", out, "--time", "t", "--set", "engine=bsis"]) == 2


@pytest.mark.parametrize(
    ("times", "form"),
    [
        (pd.date_range("2024-01-01", periods=60, freq="15min"), "ticks"),
        (pd.date_range("2000-01-01", periods=60, freq="MS"), "months"),
        (pd.bdate_range("2024-01-01", periods=60).delete([5, 30]), "working days"),
    ],
)
def test_steps_of_times(times, form):
    from lookalike.sequences._clock import EventClock

    dates = form != "ticks"
    column = pa.array(times.to_numpy().astype("datetime64[D]" if dates else "datetime64[us]"))
    raw = np.asarray(column.cast(pa.int32() if dates else pa.int64())).astype(np.int64)
    clock = EventClock.fit(raw, np.arange(1, len(raw)), column.type)
    found = RegularTimes.fit(raw, clock)
    assert found is not None
    assert found.form == form
    assert RegularTimes.from_dict(found.to_dict()) == found
    steps = found.after(np.full(3, raw[0]), np.arange(3))
    assert steps.tolist() == raw[:3].tolist()
    assert len(found.whole(raw, 10, len(raw))) > 20


def test_held_out_windows_share_no_event():
    starts = np.arange(400)
    held_out, learned = apart(starts, 10, 2)
    own = {e for s in starts[held_out] for e in range(s, s + 10)}
    assert held_out.any()
    assert not own & {e for s in starts[learned] for e in range(s, s + 10)}


def test_mixture_learns_and_conditions():
    rng = np.random.default_rng(0)
    side = rng.choice([-4.0, 4.0], 4000)
    points = np.stack([side + rng.normal(size=4000), -side + 0.1 * rng.normal(size=4000)], axis=1)
    judge = rng.random(4000) < 0.2
    mixture = Gaussians.chosen(points, judge, ~judge, 20, 0)
    assert len(mixture.weights) == 2
    drawn = mixture.drawn_given(np.full((500, 1), 4.0), rng)
    assert drawn.mean() == pytest.approx(-4, abs=0.05)
    free = mixture.drawn_given(np.zeros((4000, 0)), rng)
    assert np.allclose(np.cov(free.T), np.cov(points.T), rtol=0.1)


def test_no_component_stands_for_few_points():
    points = np.concatenate([np.random.default_rng(0).normal(size=(500, 2)), [[90.0, 90.0]]])
    mixture = Gaussians.fit(points, 8, 20, 0)
    assert (mixture.weights * 501 >= 15).all()
    assert np.abs(mixture.means).max() < 10


def test_the_judge_knows_copies_of_a_distribution_from_noise():
    rng = np.random.default_rng(0)
    walks = np.cumsum(rng.normal(size=(300, 16, 2)), axis=1)
    groups = np.arange(100)
    assert told_apart_by(walks[:100], groups, walks[100:], 0) < 0.3
    shuffled = rng.permuted(walks[100:], axis=1)
    assert told_apart_by(walks[:100], groups, shuffled, 0) > 0.9
