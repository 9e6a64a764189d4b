"""The command line on images: fit, sample, info."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from PIL import Image

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
    assert Image.open(tmp_path / "sheet.png").mode == "L"
    facts = json.loads(run("info", model, "--json").out)
    assert (facts["images"], facts["shape"], facts["classes"]) == (24, [6, 5], ["one", "two"])
    assert "images learned" in run("info", model).out
    assert "dcgan" in run("info", "--presets").out


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
