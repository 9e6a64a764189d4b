"""Published systems as declarative entries: what each changes of the default GAN, and its source.

A preset is a set of parameters of `GAN`; none has a training loop of its own. They keep the
published architectures and settings. What all of them leave out is what the default adds: moving
averages, penalties, calibration, correction, derived columns, held-out rows. Where a document is
silent, the entry says what was chosen. Levels are made by a softmax where the documents would put
numbers through tanh: so that what comes out are levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lookalike._core.errors import ParameterError, nearest

__all__ = ["PRESETS", "Preset", "find_preset"]


@dataclass(frozen=True)
class Preset:
    """One published system.

    Parameters
    ----------
    name : str
    summary : str
        What it is, in a line.
    source : str
        The document that describes it.
    parameters : mapping
        Of `GAN`.
    notes : str
        What the document leaves open and how it was chosen.
    """

    name: str
    summary: str
    source: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    notes: str = ""


#: What a plain GAN of the documents does without.
_PLAIN: dict[str, Any] = {
    "penalty": None,
    "average": 0.0,
    "schedule": "constant",
    "held_out": 0.0,
    "calibrate": False,
    "correct": False,
    "derive": False,
    "conditions": False,
    "betas": (0.9, 0.999),
}
_SCALED = dict.fromkeys(("continuous", "integer"), "minmax")
_STANDARD = dict.fromkeys(("continuous", "integer"), "standard")


def _dense(*widths: int, activation: str = "relu", **other: Any) -> dict[str, Any]:
    return {"widths": list(widths), "activation": activation, "initial": "glorot", **other}


# --- Reddy: a tabular GAN ------------------------------------------------------------------------

_REDDY = Preset(
    "reddy",
    "A tabular GAN of numbers scaled to [-1, 1]",
    "000_733a19fa91b54b35.txt",
    {
        **_PLAIN,
        "encodings": _SCALED,
        "latent_size": 100,
        "generator": _dense(128, 128, activation="leaky_relu", slope=0.05),
        "discriminator": _dense(128, 128, activation="leaky_relu", slope=0.05),
        "objective": "non-saturating",
        "learning_rate": 1.5e-4,
        "schedule": {"name": "batch-scaled", "rule": "linear", "reference": 64},
        "epochs": 1000,
        "batch_size": 64,
    },
    "Adam's decays are the usual 0.9 and 0.999. The rule of the rate is not given: it grows in "
    "proportion to the batch, from the rate at batches of 64. The final runs of the document use "
    "batches of 16.",
)

# --- Three examples of numeric data --------------------------------------------------------------

_UNIVARIATE = Preset(
    "univariate",
    "One column of numbers, two networks of 128 units",
    "001_d53463eaf77feb77.txt",
    {
        **_PLAIN,
        "encodings": _STANDARD,
        "latent_size": 100,
        "generator": _dense(128),
        "discriminator": _dense(128),
        "objective": "non-saturating",
        "learning_rate": 1e-3,
        "epochs": 500,
        "batch_size": 32,
    },
    "Rate, epochs and batch are not given: the usual ones of its framework.",
)
_WGAN_GP = Preset(
    "wgan-gp",
    "A Wasserstein GAN with gradient penalty, weight 10",
    "001_d53463eaf77feb77.txt",
    {
        **_PLAIN,
        "encodings": _STANDARD,
        "latent_size": 100,
        "generator": _dense(128),
        "discriminator": _dense(128),
        "objective": "wasserstein",
        "penalty": {"name": "interpolated", "weight": 10.0},
        "penalty_every": 1,
        "discriminator_steps": 5,
        "learning_rate": 1e-4,
        "betas": (0.0, 0.9),
        "epochs": 500,
        "batch_size": 64,
    },
    "Five critic steps, rate and decays are those of Gulrajani et al. 2017, arXiv 1704.00028; "
    "epochs (500) and batch (64) are not given.",
)

# --- Leitner: boosting small data sets -----------------------------------------------------------

_LEITNER: dict[str, Any] = {
    **_PLAIN,
    "encodings": _SCALED,
    "latent_size": 8,
    "latent": "uniform",
    "objective": "non-saturating",
    "epochs": 40,
    "batch_size": 32,
}
_LEITNER_SOURCE = "002_e1f76c2076cd238b.txt"
_BATCH = {"normalisation": "batch"}
_UP = _dense(32, 64, bias=False, **_BATCH)
_DOWN = _dense(64, 32, activation="leaky_relu", slope=0.3, dropout=0.3, **_BATCH)


_LATENT = "Of the latent distributions that are named, normal and uniform, the uniform one."
_RATE = "The rate is not given: 1e-3, the usual one of its framework."


def _leitner(name: str, summary: str, notes: str = "", **parameters: Any) -> Preset:
    notes = f"{notes} {_LATENT}".strip()
    return Preset(name, summary, _LEITNER_SOURCE, {**_LEITNER, **parameters}, notes)


_LEITNERS = (
    _leitner(
        "leitner-dense-1",
        "One hidden layer of 64 units each: too weak",
        _RATE,
        generator=_dense(64),
        discriminator=_dense(64),
        learning_rate=1e-3,
    ),
    _leitner(
        "leitner-dense-3",
        "Three layers of 64 units each: oscillates",
        _RATE,
        generator=_dense(64, 64, 64),
        discriminator=_dense(64, 64, 64),
        learning_rate=1e-3,
    ),
    _leitner(
        "leitner-dense-3-wide",
        "Three layers of 128 units, dropout in the discriminator, a lower rate: diverges",
        "The lower rate is not given: 5e-4. With 1cycle: schedule='onecycle'.",
        generator=_dense(128, 128, 128),
        discriminator=_dense(128, 128, 128, dropout=0.3),
        learning_rate=5e-4,
    ),
    _leitner(
        "leitner-dcgan",
        "Doubling generator and halving discriminator with batch normalisation",
        "The slope of its leaky rectifier is that of its framework, 0.3.",
        generator=_UP,
        discriminator=_DOWN,
        learning_rate=5e-4,
    ),
    _leitner(
        "leitner-wgan",
        "The same symmetry, three layers, Wasserstein with clipped weights: unstable",
        "Clipping at 0.01 and RMSprop at 5e-5 are those of Arjovsky et al. 2017, arXiv 1701.07875.",
        generator=_dense(32, 64, 128, bias=False, **_BATCH),
        discriminator=_dense(
            128, 64, 32, activation="leaky_relu", slope=0.3, dropout=0.3, **_BATCH
        ),
        objective="wasserstein",
        clip=0.01,
        optimiser="rmsprop",
        betas=(0.0, 0.9),
        learning_rate=5e-5,
    ),
    _leitner(
        "leitner-wgan-gp",
        "The same symmetry, two layers, selu, Wasserstein with gradient penalty",
        "Both players take one step in turn, as in its published loop.",
        generator=_dense(32, 64, activation="selu", bias=False, **_BATCH),
        discriminator=_dense(64, 32, activation="selu", dropout=0.3),
        objective="wasserstein",
        penalty={"name": "interpolated", "weight": 10.0},
        penalty_every=1,
        learning_rate=1e-4,
    ),
)

# --- Joshi: functions ----------------------------------------------------------------------------

_JOSHI: dict[str, Any] = {
    **_PLAIN,
    "encodings": _SCALED,
    "objective": "non-saturating",
    "schedule": "balance",
    "batch_size": 10,
}
_BOUNDED = "Numbers are scaled to [-1, 1] and end in tanh, where the document has a plain output."
_JOSHI_SOURCE = "004_d21f49cb60577342.txt"
_JOSHI_2D = Preset(
    "joshi-2d",
    "Points (x, f(x)) by networks of 15 and 25 units",
    _JOSHI_SOURCE,
    {
        **_JOSHI,
        "latent_size": 2,
        "generator": _dense(15),
        "discriminator": _dense(25),
        "learning_rate": 1e-4,
        "steps": 10_000,
    },
    "Its count of points says ten at each epoch. The latent size is not given: that of the points. "
    f"{_BOUNDED}",
)
_JOSHI_3D = Preset(
    "joshi-3d",
    "Points (x, y, f(x, y)) by larger networks",
    _JOSHI_SOURCE,
    {
        **_JOSHI,
        "latent_size": 3,
        "generator": _dense(30, 15),
        "discriminator": _dense(50, 25),
        "learning_rate": 5e-4,
        "steps": 1_800,
    },
    "'Extended' networks: a layer of twice the width before each of those of the plane. The batch "
    "of ten and the latent size, that of the points, are chosen as in the plane. "
    f"{_BOUNDED}",
)

#: Every preset by its name.
PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (_REDDY, _UNIVARIATE, _WGAN_GP, *_LEITNERS, _JOSHI_2D, _JOSHI_3D)
}


def find_preset(name: str) -> Preset:
    """Return the preset of a name.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if name not in PRESETS:
        raise ParameterError(
            f"There is no preset {name!r}.{nearest(name, PRESETS)} There are: {', '.join(PRESETS)}."
        )
    return PRESETS[name]
