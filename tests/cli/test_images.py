"""The command line on images: fit, sample, info."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import DataError
from lookalike.images import write_picture

BOTH = ("boosted and augmented",)
OPTIONS = ("--set", "engine=components", "--set", "family=independent", "--seed", "1")


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(0)
    for label in ("one", "two"):
        (tmp_path / "real" / label).mkdir(parents=True)
        for k in range(12):
            image = rng.integers(0, 99, (6, 5), dtype=np.uint8)
            image[:, 2 if label == "one" else 4] += 150
            write_picture(image, tmp_path / "real" / label / f"{k}.png")
    return tmp_path / "real"


def test_round_trip(run, pictures, tmp_path):
    model = tmp_path / "m.lookalike"
    found = run("fit", pictures, "-o", model, *OPTIONS)
    assert found.code == 0, found.err
    assert "24 images learned, 2 classes, seed 1" in found.err
    assert run("sample", model, "-n", 30, "-o", tmp_path / "new/").code == 0
    assert sorted(os.listdir(tmp_path / "new")) == ["one", "two"]
    assert len(list((tmp_path / "new").rglob("*.png"))) == 30
    only = tmp_path / "only"
    assert run("sample", model, "-n", 4, "--where", "label=two", "-o", only).code == 0
    assert os.listdir(only) == ["two"]
    assert run("sample", model, "-n", 9, "-o", tmp_path / "sheet.png").code == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert np.asarray(sheet).ndim == 2  # which also closes the file
    facts = json.loads(run("info", model, "--json").out)
    assert (facts["images"], facts["shape"], facts["classes"]) == (24, [6, 5], ["one", "two"])
    assert "images learned" in run("info", model).out
    assert "dcgan" in run("info", "--presets").out


def test_settings_come_last(run, pictures, tmp_path):
    model = tmp_path / "m.lookalike"
    found = run("fit", pictures, "-o", model, *OPTIONS, "--set", "random_state=5")
    assert found.code == 0, found.err
    assert "seed 5" in found.err
    assert json.loads(run("info", model, "--json").out)["seed"] == 5


def test_bad_calls_are_one_line(run, pictures, tmp_path):
    model = tmp_path / "m.lookalike"
    assert run("fit", pictures, "-o", model, *OPTIONS).code == 0
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(pictures / "one" / "odd.png")
    for words, error in {
        ("fit", pictures, "-o", model): "All images must have one size",
        ("fit", pictures, "-o", model, "--target", "x"): "--target is not for images",
        ("fit", pictures, "-o", model, "--preset", "dcgan", "--budget", "fast"): "not both",
        ("sample", model, "-o", tmp_path / "x"): "Give the number of images",
        ("sample", model, "-n", 1, "-o", "-"): "not to -",
        ("sample", model, "-n", 1, "-o", tmp_path / "x", "--balance", "y"): "not for images",
        ("sample", model, "-n", 1, "-o", tmp_path / "x", "--where", "y=1"): "label=CLASS",
        ("sample", model, "-n", 1, "-o", tmp_path / "x", "--where", "label=tw"): "no class 'tw'",
    }.items():
        found = run(*words)
        assert found.code == 2, (words, found.err)
        assert error in found.err
        assert len(found.errors) == 1


def test_data_are_not_overwritten(run, pictures, tmp_path):
    names = ("own", "new", "held")
    for name in names:
        np.savez(tmp_path / f"{name}.npz", images=np.arange(800).reshape(8, 10, 10))
    own, new, held = (tmp_path / f"{name}.npz" for name in names)
    model = tmp_path / "m.npz"
    assert run("fit", pictures, "-o", model, *OPTIONS).code == 0
    content = {path: path.read_bytes() for path in (own, new, held, model)}
    scores = ("evaluate", own, new, "--holdout", held)
    for words in (
        ("fit", own, "-o", own, *OPTIONS),
        ("fit", own, "-o", tmp_path / "x", "--html", own, *OPTIONS),
        *((*scores, kind, path) for path in (own, new, held) for kind in ("--json", "--html")),
        ("sample", model, "-n", 2, "-o", model),
    ):
        found = run(*words)
        assert found.code == 2, words
        assert "must not overwrite the input" in found.err
    assert {path: path.read_bytes() for path in content} == content


def test_images_go_on_after_others(run, pictures, tmp_path):
    model = tmp_path / "m.lookalike"
    assert run("fit", pictures, "-o", model, *OPTIONS).code == 0
    assert run("sample", model, "-n", 9, "-o", tmp_path / "all.npz").code == 0
    assert run("sample", model, "-n", 4, "--start", 5, "-o", tmp_path / "end.npz").code == 0
    with np.load(tmp_path / "all.npz") as whole, np.load(tmp_path / "end.npz") as end:
        np.testing.assert_array_equal(end["images"], whole["images"][5:])
    found = run("sample", model, "-n", 1, "-o", tmp_path / "x", "--watermark", "key")
    assert (found.code, "--watermark is not for images" in found.err) == (2, True)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("fit", ("--max-rows 5", "--orphans drop", "--broken drop")),
        ("evaluate", ("--max-rows 5",)),
        ("boost", ("--curve 0.5", "--jobs 2", "--rule a<b", "--rules f", "--broken drop")),
        ("boost", ("--no-boost", "--no-controls")),
    ],
)
def test_options_of_tables_are_refused(run, pictures, tmp_path, command, options):
    rest = {
        "fit": ("-o", tmp_path / "m"),
        "evaluate": (pictures, "--holdout", pictures),
        "boost": ("--target", "label"),
    }[command]
    for option in options:
        found = run(command, pictures, *rest, *option.split())
        assert found.code == 2
        assert f"{option.split()[0]} is not for images" in found.err


def test_boost_trains_as_long_as_its_help_says(run, pictures, monkeypatch):
    given = []

    def study(*_, synthesizer, **__):
        given.append(synthesizer)
        raise DataError("enough")

    monkeypatch.setattr("lookalike.experiments.boost_images", study)
    for words in ((), ("--budget", "best"), ("--preset", "dcgan")):
        assert run("boost", pictures, "--target", "label", *words).code == 2
    assert [model.budget for model in given[:2]] == ["fast", "best"]
    assert given[2].learning_rate == 2e-4


def test_tables_with_a_picture_beside_them_are_a_database(run, tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "people.csv").write_text("id\n1\n")
    write_picture(np.eye(5, dtype=np.uint8), tmp_path / "shop" / "schema.png")
    found = run("fit", tmp_path / "shop", "-o", tmp_path / "m", "--target", "x")
    assert "leave it out for a database" in found.err


@pytest.mark.train
def test_boost_says_whether_images_help(run, pictures, tmp_path):
    words = ("boost", pictures, "--target", "label", "--repeats", 2, "--json", "-", *OPTIONS)
    found = run(*words, "--set", "components=3")
    assert found.code == 0, found.err
    table = json.loads(found.out)["table"]
    assert [row["arm"] for row in table] == ["real", "boosted", "augmented", *BOTH]
    assert run("boost", pictures, "--target", "x", *OPTIONS).code == 2
    assert "--records is not" in run(*words, "--records", tmp_path / "r").err


def test_scores_of_folders(run, pictures, tmp_path):
    found = run("evaluate", pictures, pictures)
    assert found.code == 2
    assert "give --holdout" in found.err
