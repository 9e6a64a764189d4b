"""The game of a generator and a discriminator of images, from parameters and the images' form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Protocol

from lookalike.encoding import Block, Layout
from lookalike.images._form import ImageForm

if TYPE_CHECKING:
    from lookalike.models import Networks, TrainingRules
    from lookalike.nn import Architecture, ImageArchitecture, Objective
    from lookalike.training import ImageGame

__all__ = ["BLOCK", "STEPS", "ImageRecipe", "image_game", "layers_left_out", "steps_of"]

#: The number of images that are drawn together.
BLOCK = 256
#: The number of steps of each budget, …
STEPS = {"fast": 800, "balanced": 6_000, "best": 15_000}
#: … and the number of images from which on it is not reduced.
_ENOUGH = 1_000
#: The smallest images between both networks have about so many pixels across, of tiny ones half.
_SMALLEST = 4


class ImageRecipe(Protocol):
    """The parameters of `Images` that determine the training of its networks."""

    budget: str
    steps: int | None
    epochs: int | None
    batch_size: int
    width: int
    objective: str | Mapping[str, Any] | Objective
    learning_rate: float
    monitors: bool | Sequence[str]
    remedies: bool
    networks: Networks | Mapping[str, Any] | None
    training: TrainingRules | Mapping[str, Any] | None


def steps_of(recipe: ImageRecipe, images: int) -> int:
    """Return the number of training steps."""
    if recipe.steps is not None:
        return recipe.steps
    if recipe.epochs is not None:
        return recipe.epochs * -(-images // recipe.batch_size)
    share: float = min(1.0, images / _ENOUGH) ** 0.25
    return round(STEPS[recipe.budget] * share)


def image_game(recipe: ImageRecipe, form: ImageForm, classes: int) -> ImageGame:
    """Return the game that the parameters describe.

    Parameters
    ----------
    recipe : ImageRecipe
    form : ImageForm
    classes : int
        The number of classes; 0 without.

    Returns
    -------
    ImageGame

    Raises
    ------
    ParameterError
        If parameters contradict each other.
    """
    # JAX is paid for by those who train or draw.
    from lookalike.models import Networks, game_settings  # noqa: PLC0415
    from lookalike.nn import Architecture, Plan  # noqa: PLC0415
    from lookalike.training import ImageGame  # noqa: PLC0415

    networks, most = Networks.read(recipe.networks), _layers(form)
    widths = tuple(recipe.width * 2**k for k in range(most))
    drawer = Architecture(widths[::-1], activation="relu")
    if networks.generator is not None:
        drawer = Architecture.from_mapping(networks.generator)
    judge = Architecture(widths)
    if networks.discriminator is not None:
        judge = Architecture.from_mapping(networks.discriminator)
    return ImageGame(
        plan=Plan(_layout(form.pixels, classes)),
        generator=_convolutional(drawer, form, classes, draws=True),
        discriminator=_convolutional(judge, form, classes, draws=False),
        **game_settings(recipe, recipe.batch_size),
    )


def layers_left_out(recipe: ImageRecipe, form: ImageForm) -> int:
    """Return the number of layers of given networks for which images are too small."""
    from lookalike.models import Networks  # noqa: PLC0415
    from lookalike.nn import Architecture  # noqa: PLC0415

    networks = Networks.read(recipe.networks)
    given = [a for a in (networks.generator, networks.discriminator) if a is not None]
    widths = [len(Architecture.from_mapping(a).widths) for a in given]
    return max(max(widths, default=0) - _layers(form), 0)


def _layers(form: ImageForm) -> int:
    """Return the number of times that images are halved."""
    side = min(form.height, form.width)
    usual = math.floor(math.log2(max(side / _SMALLEST, 1)))
    return max(usual, min(2, math.floor(math.log2(max(side / 2, 1)))), 1)


def _layout(pixels: int, classes: int) -> Layout:
    image = Block("image", "value", "value", 0, 0, pixels, "tanh")
    if not classes:
        return Layout((image,), pixels, 0)
    return Layout(
        (image, Block("class", "value", "code", 0, pixels, classes, "softmax")), pixels, 1
    )


def _convolutional(
    plain: Architecture, form: ImageForm, classes: int, *, draws: bool
) -> ImageArchitecture:
    """Return an architecture for images, without layers for which they are too small."""
    from lookalike.nn import ImageArchitecture  # noqa: PLC0415

    most = _layers(form)
    options = {field.name: getattr(plain, field.name) for field in fields(plain)}
    # A drawer has its smallest images first, a judge last.
    options["widths"] = plain.widths[-most:] if draws else plain.widths[:most]
    return ImageArchitecture(
        **options,
        height=form.height,
        across=form.width,
        channels=form.channels,
        classes=classes,
        draws=draws,
    )
