"""Models of images: what they draw, their files and their errors."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import lookalike as la
from lookalike._core.seeds import generator
from lookalike.errors import DataError, ModelFileError, NotFittedError, OutputError, ParameterError
from lookalike.images import ImageForm
from lookalike.images._film import Film, FilmCamera

#: A GAN that compiles quickly and learns next to nothing.
SMALL = {
    "width": 4,
    "steps": 6,
    "batch_size": 16,
    "monitors": False,
    "training": {"penalty": None, "penalty_every": 1},
    "random_state": 0,
}


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.fixture(scope="module")
def drawn(shapes) -> la.Images:
    """Return a GAN of a few steps."""
    return la.Images(**SMALL).fit(*shapes)


@pytest.fixture(scope="module")
def simple(shapes) -> la.Images:
    """Return principal components with independent weights, which need no networks."""
    return la.Images(engine="components", family="independent", random_state=0).fit(*shapes)


@pytest.fixture(params=["drawn", pytest.param("simple")])
def model(request: pytest.FixtureRequest) -> la.Images:
    """Return a model of each engine."""
    found: la.Images = request.getfixturevalue(request.param)
    return found


def test_a_model_is_saved_whose_losses_are_not_finite(simple, tmp_path):
    model = deepcopy(simple)
    row = {"step": 1.0, "loss": float("nan"), "gap": float("inf")}
    model._engine.history.rows[:] = [row]
    model.save(tmp_path / "m.lookalike")
    assert model.history_.rows == [row]
    found = la.load(tmp_path / "m.lookalike")
    assert found.history_["gap"] == [None]
    np.testing.assert_array_equal(found.sample(3)[0], simple.sample(3)[0])


@pytest.mark.train
def test_images_have_the_form_of_the_training_images(model, shapes):
    images, labels = model.sample(300)
    assert images.shape == (300, 8, 8)
    assert images.dtype == np.uint8
    assert set(labels.tolist()) == {"column", "row", "square"}
    counts = np.unique(labels, return_counts=True)[1]
    assert counts.min() > 60
    assert model.n_images_ == 90
    assert len(np.unique(images, axis=0)) > 250


@pytest.mark.train
def test_an_image_depends_on_its_number_alone(model):
    images, labels = model.sample(600, random_state=5)
    part, of = model.sample(5, start=254, random_state=5)
    np.testing.assert_array_equal(part, images[254:259])
    np.testing.assert_array_equal(of, labels[254:259])
    assert (model.sample(5, random_state=6)[0] != images[:5]).any()
    none, of = model.sample(0)
    assert none.shape == (0, 8, 8)
    assert of.shape == (0,)


@pytest.mark.train
def test_all_images_are_of_a_given_class(model):
    images, labels = model.sample(10, given="row")
    assert labels.tolist() == ["row"] * 10
    np.testing.assert_array_equal(model.sample(4, given="row")[0], images[:4])
    with pytest.raises(ParameterError, match="Did you mean 'square'"):
        model.sample(1, given="squares")


@pytest.mark.train
def test_a_loaded_model_draws_the_same(model, tmp_path):
    model.save(tmp_path / "m.lookalike")
    again = la.load(tmp_path / "m.lookalike")
    assert isinstance(again, la.Images)
    for given in (None, "square"):
        for a, b in zip(model.sample(40, given=given), again.sample(40, given=given), strict=True):
            np.testing.assert_array_equal(a, b)
    assert again.history_.to_dict() == model.history_.to_dict()
    again.save(tmp_path / "n.lookalike")
    assert (tmp_path / "m.lookalike").read_bytes() == (tmp_path / "n.lookalike").read_bytes()


@pytest.mark.train
def test_training_is_filmed(drawn, simple, tmp_path):
    steps, images = drawn.film()
    assert images.shape == (len(steps), 20, 8, 8)
    assert images.dtype == np.uint8
    assert steps[-1] == SMALL["steps"]
    assert (np.diff(steps) > 0).all()
    drawn.film_to(tmp_path / "film.png")
    assert pixels(tmp_path / "film.png").shape == (26 * len(steps) + 2, 26 * 20 + 2)
    drawn.film_to(tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames <= len(steps)
    drawn.save(tmp_path / "m.lookalike")
    np.testing.assert_array_equal(la.load(tmp_path / "m.lookalike").film()[1], images)
    with pytest.raises(ParameterError, match=r"a .png or a .gif"):
        drawn.film_to(tmp_path / "film.mp4")
    with pytest.raises(ParameterError, match="has no film"):
        simple.film()
    assert simple.film_sheet() is None


def test_a_film_forgets_steps_to_which_training_went_back():
    camera = FilmCamera(lambda model: np.full((256, 4), model, np.float32), 5)
    for step, model in ((10, -1), (20, 0), (20, 1), (30, 1)):
        camera(step, model)
    camera.take(50, 1)
    film = camera.film()
    assert film.steps.tolist() == [10, 20, 30, 50]
    assert film.frames[:, 0, 0].tolist() == [0, 255, 255, 255]
    camera.take(20, -1)  # the model that is kept is an earlier one
    assert camera.film().steps.tolist() == [10, 20]
    arrays = {"film": film.frames, "film_steps": film.steps}
    assert Film.from_arrays(arrays, 4).rows().shape == (80, 4)
    assert not len(Film.from_arrays({}, 4).steps)
    for damaged in (
        {"film": film.frames[1:]},
        {"film_steps": film.steps[::-1]},
        {"film_steps": film.steps[:, None]},
        {"film_steps": film.steps.astype(float)},
    ):
        with pytest.raises(ValueError, match="damaged"):
            Film.from_arrays({**arrays, **damaged}, 4)


@pytest.mark.train
def test_damaged_files_are_refused(drawn, tmp_path):
    from lookalike.models._archive import read_parts, write_parts

    drawn.save(tmp_path / "m.lookalike")

    def changed(**values):
        parts = read_parts(tmp_path / "m.lookalike", lambda _: None)
        parts.manifest.update(values)
        write_parts(parts, tmp_path / "n.lookalike")
        return tmp_path / "n.lookalike"

    form = drawn.form_.to_dict()
    for values in (
        {"classes": ["a"]},
        {"classes": ["a", "b", "c", "d"]},
        {"classes": [1, "b", None]},
        {"form": {**form, "height": 9}},
        {"form": {**form, "height": 10**9}},
        {"form": {**form, "low": 9.0, "high": 1.0}},
        {"form": {**form, "dtype": "object"}},
        {"images": -1},
        {"parameters": {"engine": "other"}},
        {"model": None},
    ):
        with pytest.raises(ModelFileError):
            la.load(changed(**values))
    content = (tmp_path / "m.lookalike").read_bytes()
    (tmp_path / "m.lookalike").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelFileError):
        la.load(tmp_path / "m.lookalike")


@pytest.mark.train
def test_the_same_seed_gives_the_same_model_and_labels_are_optional(drawn, shapes):
    again = la.Images(**SMALL).fit(*shapes)
    np.testing.assert_array_equal(again.sample(20)[0], drawn.sample(20)[0])
    coloured = np.stack([shapes[0]] * 3, axis=-1)[:, :7]
    free = la.Images(**SMALL).fit(coloured / 255)
    images, labels = free.sample(3)
    assert labels is None
    assert images.shape == (3, 7, 8, 3)
    assert images.dtype == np.float64
    assert images.min() >= 0
    assert images.max() <= 1
    with pytest.raises(ParameterError, match="learned without labels"):
        free.sample(1, given="row")


@pytest.mark.train
def test_a_walk_leads_from_one_image_to_another(drawn, simple):
    path = drawn.walk(21, given="row", random_state=1)
    assert path.shape == (21, 8, 8)
    steps = np.abs(np.diff(path.astype(float), axis=0)).mean(axis=(1, 2))
    assert steps.max() < np.abs(path[0].astype(float) - path[-1]).mean() / 4
    # Its ends are the images of the points that the seed draws.
    engine = drawn._engine
    ends = generator(1, "walk").standard_normal((2, engine.game.latent_size))
    row = np.eye(3)[[list(drawn.classes_).index("row")] * 2]
    rows = engine.game.draw(engine.network, ends.astype(np.float32), row.astype(np.float32))
    images = drawn.form_.images(np.asarray(rows)).astype(int)
    np.testing.assert_allclose(path[[0, -1]].astype(int), images, atol=1)
    with pytest.raises(ParameterError, match="latent space"):
        simple.walk(3)


def test_a_preset_keeps_the_layers_next_to_pixels():
    from lookalike.images._recipe import image_game, layers_left_out

    model = la.Images.preset("dcgan")
    assert model.training["betas"] == [0.5, 0.999]
    assert (model.batch_size, model.learning_rate) == (128, 2e-4)
    whole = ImageForm.of(np.arange(2 * 64 * 64 * 3).reshape(2, 64, 64, 3))
    game = image_game(model, whole, 0)
    assert game.generator.smallest == (4, 4)
    assert game.generator.widths == (1024, 512, 256, 128)
    assert game.discriminator.widths == (128, 256, 512, 1024)
    assert (game.latent, game.latent_size, game.penalty) == ("uniform", 100, None)
    small = ImageForm.of(np.arange(2 * 28 * 28).reshape(2, 28, 28))
    game = image_game(model, small, 10)
    assert game.generator.smallest == (7, 7)
    assert game.generator.widths == (256, 128)
    assert game.discriminator.widths == (128, 256)
    assert layers_left_out(model, small) == 2
    with pytest.raises(ParameterError, match="Did you mean 'dcgan'"):
        la.Images.preset("dcgans")


def test_files_of_images(simple, tmp_path):
    assert simple.sample_to(tmp_path / "all", 20) == 20
    images, labels = simple.sample(20)
    written = sorted((tmp_path / "all").rglob("*.png"))
    assert len(written) == 20
    first = tmp_path / "all" / str(labels[3]) / "000003.png"
    np.testing.assert_array_equal(pixels(first), images[3])
    with pytest.raises(OutputError, match="not empty"):
        simple.sample_to(tmp_path / "all", 1)
    simple.sample_to(tmp_path / "sheet.png", 9)
    sheet = pixels(tmp_path / "sheet.png")
    assert sheet.shape == (3 * 26 + 2, 3 * 26 + 2)
    np.testing.assert_array_equal(sheet[2:26:3, 2:26:3], images[0])
    simple.sample_to(tmp_path / "a.npz", 20)
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["images"], images)
        assert file["labels"].tolist() == labels.tolist()


def test_classes_of_any_names_have_folders_of_their_own(shapes, tmp_path):
    images, labels = shapes[0][:40], np.resize(["a/b", "a:b", "../x", "Ü 1"], 40)
    model = la.Images(engine="components", family="independent", random_state=0)
    model.fit(images, labels).sample_to(tmp_path / "out", 30)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"_x", "a_b", "a_b_", "Ü 1"}
    assert [p.name for p in Path(tmp_path).iterdir()] == ["out"]


def test_bad_parameters_and_images(shapes):
    images, labels = shapes
    with pytest.raises(NotFittedError):
        la.Images().sample(1)
    with pytest.raises(ParameterError, match="engine must be one of"):
        la.Images(engine="gans").fit(images)
    with pytest.raises(ParameterError, match="family is not understood"):
        la.Images(engine="components", family="independant").fit(images)
    with pytest.raises(DataError, match="at most 128 × 128"):
        la.Images().fit(np.zeros((2, 200, 10)))
    with pytest.raises(DataError, match="every pixel is 0"):
        la.Images().fit(np.zeros((5, 4, 4)))
    with pytest.raises(DataError, match=r"at most 1,000 classes"):
        la.Images().fit(np.arange(3000 * 4).reshape(3000, 2, 2), np.arange(3000))
    with pytest.raises(ParameterError, match="leaves no image"):
        la.Images(held_out=0.9).fit(images[:2] + np.uint8(1))
    unchanged = la.Images(engine="components", family="independent", random_state=0)
    unchanged.fit(images, labels)
    with pytest.raises(DataError):
        unchanged.fit(images[:1])
    assert unchanged.n_images_ == 90


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int64", "float32", "float64", "bool"])
def test_a_form_gives_back_what_it_was_given(dtype):
    images = np.random.default_rng(0).integers(0, 2, (3, 4, 5, 2)).astype(dtype)
    images = images if dtype == "bool" else (images * np.float32(7.25)).astype(dtype)
    form = ImageForm.of(images)
    rows = form.rows(images)
    assert rows.min() >= -1
    assert rows.max() <= 1
    back = form.images(rows)
    assert back.dtype == images.dtype
    np.testing.assert_allclose(back.astype(float), images.astype(float), atol=1e-5)
    assert ImageForm.from_dict(form.to_dict()) == form


@pytest.mark.train
def test_the_height_may_be_halved_and_the_width_not(shapes):
    assert la.Images(**SMALL).fit(shapes[0][:, :, :7]).sample(2)[0].shape == (2, 8, 7)


@pytest.mark.parametrize("labels", [["a", "b"], [3, 7], [True, False]])
def test_labels_of_pandas_are_plain_and_can_be_written(shapes, tmp_path, labels):
    given = pd.Series(np.resize(np.array(labels, object), 40), dtype=object)
    model = la.Images(engine="components", family="independent", random_state=0)
    model.fit(shapes[0][:40], given).sample_to(tmp_path / "x.npz", 30)
    with np.load(tmp_path / "x.npz", allow_pickle=False) as file:
        assert set(file.files) == {"images", "labels"}
        assert set(file["labels"].tolist()) == set(labels)
