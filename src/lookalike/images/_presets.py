"""Published systems as lists of parameters of `Images`."""

from __future__ import annotations

from lookalike._core.errors import ParameterError, nearest
from lookalike.models import Preset

__all__ = ["IMAGE_PRESETS", "find_image_preset"]

_DCGAN = Preset(
    "dcgan",
    "Deep convolutional GAN of four layers, from 128 to 1,024 channels",
    "Radford, Metz and Chintala 2016, arXiv 1511.06434",
    {
        "objective": "non-saturating",
        "batch_size": 128,
        "epochs": 25,
        "learning_rate": 2e-4,
        "remedies": False,
        "networks": {
            "generator": {
                "widths": [1024, 512, 256, 128],
                "activation": "relu",
                "normalisation": "batch",
                "bias": False,
                "initial": "dcgan",
            },
            "discriminator": {
                "widths": [128, 256, 512, 1024],
                "activation": "leaky_relu",
                "slope": 0.2,
                "normalisation": "batch",
                "bias": False,
                "initial": "dcgan",
            },
            "latent_size": 100,
            "latent": "uniform",
        },
        "training": {
            "schedule": "constant",
            "betas": [0.5, 0.999],
            "penalty": None,
            "average": 0.0,
        },
    },
    "The paper draws 64 × 64 pixels; smaller images take the layers of the generator that are next "
    "to pixels, and as many of the discriminator. It has no classes: with labels they enter as in "
    "the default. The number of epochs is that of the authors' program. Running statistics of "
    "batches, with which images are drawn, are those of lookalike's batch normalisation.",
)

#: Every preset of `Images` by its name.
IMAGE_PRESETS: dict[str, Preset] = {_DCGAN.name: _DCGAN}


def find_image_preset(name: str) -> Preset:
    """Return the preset with a name.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if name not in IMAGE_PRESETS:
        raise ParameterError(
            f"There is no preset {name!r} of images.{nearest(name, IMAGE_PRESETS)} There are: "
            f"{', '.join(IMAGE_PRESETS)}."
        )
    return IMAGE_PRESETS[name]
