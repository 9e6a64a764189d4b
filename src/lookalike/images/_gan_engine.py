"""The engine of images that is a generative adversarial network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from lookalike._core.learned import Learned
from lookalike._core.numerics import Floats32
from lookalike._core.progress import progress
from lookalike._core.seeds import derive_seed, generator
from lookalike.encoding import EncodedRows
from lookalike.images._film import Film, FilmCamera
from lookalike.images._form import ImageForm
from lookalike.images._recipe import BLOCK, ImageRecipe, image_game, layers_left_out, steps_of
from lookalike.models import leaves_of, make_plan, stored
from lookalike.nn import key_of, noise, seed_words
from lookalike.training import (
    Data,
    History,
    ImageGame,
    keep_compiled_programs,
    make_room_for_programs,
    train,
)

if TYPE_CHECKING:
    from lookalike.nn import ImageDrawer

__all__ = ["GanEngine"]

#: Measures on the progress line, and their short names there.
_SHOWN = {"loss_discriminator": "loss D", "loss_generator": "loss G", "diversity": "diversity"}


@dataclass(frozen=True)
class GanEngine:
    """A trained generator of images.

    Parameters
    ----------
    game : ImageGame
        The game in which it was trained.
    network : ImageDrawer
    shares : ndarray, shape (classes,)
        The share of each class; empty without classes.
    history : History
    film : Film
        What it drew during training.
    """

    game: ImageGame
    network: ImageDrawer
    shares: np.ndarray
    history: History
    film: Film

    @classmethod
    def fit(
        cls,
        rows: EncodedRows,
        held_out: EncodedRows | None,
        form: ImageForm,
        shares: np.ndarray,
        recipe: ImageRecipe,
        seed: int,
        *,
        show: bool | None,
    ) -> Self:
        """Train the networks.

        Parameters
        ----------
        rows : EncodedRows
            Pixels in [-1, 1], and codes of classes.
        held_out : EncodedRows or None
            Images that are not learned, with which monitors compare.
        form : ImageForm
        shares : ndarray, shape (classes,)
        recipe : ImageRecipe
        seed : int
        show : bool or None
            Whether to show progress.
        """
        keep_compiled_programs()
        make_room_for_programs()
        game = image_game(recipe, form, len(shares))
        steps = steps_of(recipe, len(rows.floats))
        plan = make_plan(recipe, game, steps, early_stopping=None)
        camera = FilmCamera(partial(_frame, game, seed), -(-plan.end // plan.interval))
        with progress("training", plan.end, show=show) as report:
            result = train(
                game,
                Data.of(rows),
                seed,
                plan,
                held_out=None if held_out is None else Data.of(held_out),
                report=lambda step, measures: report(step, _shown(measures)),
                on_interval=camera,
            )
        camera.take(result.step, result.model)
        history = result.history
        if missing := layers_left_out(recipe, form):
            words = f"images are too small for all layers: {missing} of each network were left out"
            history.add(0, "choice", words)
        return cls(game, result.model, shares, history, camera.film())

    def block(
        self, seed: int, number: int, count: int, code: int | None
    ) -> tuple[Floats32, np.ndarray]:
        """Return a block of images as rows in [-1, 1], and the codes of their classes.

        Parameters
        ----------
        seed, number : int
            The seed and the number of the block, on which its images depend alone.
        count : int
            The number of its images.
        code : int or None
            The class of all; by default classes have their shares.
        """
        codes = self.codes(seed, number, count, code)
        words, size = seed_words(seed, number), (count, self.game.latent_size)
        rows = _drawn(self.game, self.network, words, size, jnp.asarray(codes))
        return np.asarray(rows), codes

    def codes(self, seed: int, number: int, count: int, code: int | None) -> np.ndarray:
        """Return the classes of a block."""
        if not len(self.shares):
            return np.zeros(count, np.int32)
        if code is not None:
            return np.full(count, code, np.int32)
        drawn = generator(seed, "classes", number).choice(len(self.shares), count, p=self.shares)
        return drawn.astype(np.int32)

    def walk(self, seed: int, count: int, code: int) -> Floats32:
        """Return images along a great circle between two points of the latent space."""
        rng = generator(seed, "walk")
        ends = rng.standard_normal((2, self.game.latent_size))
        if self.game.latent == "uniform":
            ends = rng.uniform(-1, 1, ends.shape)
        turn = np.arccos(np.clip(ends[0] @ ends[1] / np.prod(np.linalg.norm(ends, axis=1)), -1, 1))
        share = np.linspace(0, 1, count)[:, None]
        path = np.sin((1 - share) * turn) * ends[0] + np.sin(share * turn) * ends[1]
        latent = jnp.asarray(path / np.sin(turn), jnp.float32)
        rows = _images(self.game, self.network, latent, np.full(count, code, np.int32))
        return np.asarray(rows)

    def state(self) -> Learned:
        """Return the learned state."""
        arrays = {**leaves_of(self.network, "generator"), "shares": self.shares}
        arrays |= {"film": self.film.frames, "film_steps": self.film.steps}
        return Learned({}, arrays)

    @classmethod
    def from_state(
        cls, state: Learned, form: ImageForm, classes: int, recipe: ImageRecipe, history: History
    ) -> Self:
        """Restore an engine, whose state may be damaged."""
        keep_compiled_programs()
        game = image_game(recipe, form, classes)
        network = stored(partial(_untrained, game), state, "generator")
        shares = np.asarray(state.arrays["shares"], float)
        if shares.shape != (classes,) or (classes and not _is_distribution(shares)):
            raise ValueError("the shares of its classes are damaged")
        film = Film.from_arrays(state.arrays, form.pixels)
        return cls(game, network, shares, history, film)


def _is_distribution(shares: np.ndarray) -> bool:
    return bool((shares >= 0).all() and abs(shares.sum() - 1) < 1e-6)


def _untrained(game: ImageGame) -> Any:
    return game.begin(0).generator


def _shown(measures: Mapping[str, float]) -> dict[str, float]:
    return {short: measures[name] for name, short in _SHOWN.items() if name in measures}


def _frame(game: ImageGame, seed: int, network: ImageDrawer) -> Floats32:
    """Return images for the film: of the program that draws blocks, which compiles once."""
    words, size = seed_words(derive_seed(seed, "film"), 0), (BLOCK, game.latent_size)
    codes = np.arange(BLOCK, dtype=np.int32) % max(game.classes, 1)
    return np.asarray(_drawn(game, network, words, size, jnp.asarray(codes)))


@eqx.filter_jit
def _drawn(
    game: ImageGame,
    network: ImageDrawer,
    words: UInt32[Array, " words"],
    size: tuple[int, int],
    codes: Int[Array, " rows"],
) -> Float[Array, "rows pixels"]:
    # Threefry gives the same stream on every kind of device.
    return _images(game, network, noise(key_of(words, "threefry2x32"), size, game.latent), codes)


@eqx.filter_jit
def _images(
    game: ImageGame, network: ImageDrawer, latent: Float[Array, "rows latent"], codes: Any
) -> Float[Array, "rows pixels"]:
    classes = jnp.zeros((len(latent), 0))
    if game.classes:
        classes = jax.nn.one_hot(jnp.asarray(codes), game.classes)
    return game.draw(network, latent, classes)
