"""Meanings of the quantities that training records, in plain words, and their good values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["QUANTITIES", "Quantity", "quantity_of"]


@dataclass(frozen=True)
class Quantity:
    """A recorded quantity in words.

    Parameters
    ----------
    title : str
        A heading.
    meaning : str
        Its meaning and its good values, in a sentence or two; empty where nothing is known.
    good : tuple of float, optional
        The lowest and the highest value that is nothing to worry about; an end may be infinite.
        None where no single number is good.
    low, high : float
        Its range.
    flag : bool
        True if it answers a question: 1 is yes, 0 is no.
    """

    title: str
    meaning: str = ""
    good: tuple[float, float] | None = None
    low: float = -math.inf
    high: float = math.inf
    flag: bool = False


_RIGHT = "0.5 is guessing; far above 0.8 the generator has little left to learn from."
_PASS = "Near 0.5, both kinds of rows look alike to the discriminator."

QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {
        "loss_real": Quantity(
            "Loss on real rows",
            "The part of the discriminator’s loss from real rows. Where rows are judged in pairs, "
            "it is half of the loss; alone, that of a Wasserstein critic means nothing.",
        ),
        "loss_fake": Quantity(
            "Loss on generated rows", "The other part of its loss, from generated rows."
        ),
        "accuracy": Quantity(
            "Accuracy",
            "The share of rows that the discriminator gets right: the mean of real and generated. "
            f"{_RIGHT}",
            (0.45, 0.85),
            0,
            1,
        ),
        "accuracy_real": Quantity(
            "Accuracy on real rows",
            "The share of real rows that it recognises as real.",
            (0.3, 0.9),
            0,
            1,
        ),
        "accuracy_fake": Quantity(
            "Accuracy on generated rows",
            "The share of generated rows that it recognises.",
            (0.3, 0.9),
            0,
            1,
        ),
        "accuracy_generator": Quantity(
            "Generator’s success", "The share of its rows that pass as real.", (0.1, 0.7), 0, 1
        ),
        "probability_real": Quantity(
            "Probability of real rows",
            f"The discriminator’s mean for real rows. {_PASS}",
            (0.35, 0.85),
            0,
            1,
        ),
        "probability_fake": Quantity(
            "Probability of generated rows",
            f"The discriminator’s mean for generated rows. {_PASS}",
            (0.15, 0.65),
            0,
            1,
        ),
        "held_out": Quantity(
            "Score on held-out rows",
            "The score that chooses the state to keep: higher is better.",
        ),
        "diversity": Quantity(
            "Diversity",
            "The mean distance between generated rows, as a multiple of that of real rows.",
            (0.85, 1.15),
            0,
        ),
        "vendi": Quantity(
            "Effective rows (Vendi)",
            "The effective number of different rows, as a multiple of that of real rows.",
            (0.8, 1.25),
            0,
        ),
        "support": Quantity(
            "Kinds of rows",
            "Their number by a birthday test, as a multiple of real rows’, at most 10.",
            (0.5, math.inf),
            0,
        ),
        "duplicates": Quantity(
            "Equal rows",
            "The share of rows that equal another one, less that of real rows.",
            (-math.inf, 0.02),
        ),
        "coverage": Quantity(
            "Coverage",
            "The share of real rows with a generated row among their near neighbours.",
            (0.8, 1),
            0,
            1,
        ),
        "density": Quantity(
            "Density",
            "The density of generated rows where real rows lie; near 1 is good.",
            (0.7, 1.4),
            0,
        ),
        "modes": Quantity(
            "Modes reached",
            "The share of separate groups of real rows that are reached.",
            (0.95, 1),
            0,
            1,
        ),
        "levels": Quantity(
            "Categories reached",
            "The share of not too rare categories that were generated.",
            (0.95, 1),
            0,
            1,
        ),
        "collapsed": Quantity(
            "Mode collapse?", "Yes if a part of the data is lost.", (0, 0), 0, 1, flag=True
        ),
        "sliced_wasserstein": Quantity(
            "Sliced Wasserstein distance", "The distance of generated rows from real ones.", low=0
        ),
        "convergence": Quantity(
            "Distance to real rows",
            "The sliced Wasserstein distance, as a multiple of that between samples of real rows.",
            (0, 2),
            0,
        ),
        "critic_auc": Quantity(
            "Discriminator’s ranking",
            "The probability that it ranks a real row above a generated one; 0.5 is guessing.",
            (0.4, 0.8),
            0,
            1,
        ),
        "critic_gap": Quantity(
            "Discriminator’s gap",
            "The distance between its logits for both kinds of rows, in standard deviations.",
            (-0.3, 1.2),
        ),
        "convergence_joshi": Quantity(
            "Convergence (Joshi, 2D)", "|loss on real − loss on generated rows| + generator’s loss."
        ),
        "convergence_joshi_3d": Quantity(
            "Convergence (Joshi, 3D)", "|loss on real − loss on generated rows|.", low=0
        ),
        "detector": Quantity(
            "Fresh detector",
            "The ROC AUC of a classifier of its own on real and generated rows; 0.5 is guessing.",
            (0, 0.65),
            0,
            1,
        ),
        "nearer": Quantity(
            "Nearer to training rows",
            "The share of generated rows that are nearer to training rows than to held-out rows.",
            (0.4, 0.6),
            0,
            1,
        ),
        "near_copies": Quantity(
            "Near copies",
            "The share that is very near to training rows, less that near to held-out rows.",
            (-math.inf, 0.02),
        ),
        "repeats": Quantity(
            "Repeats training rows?",
            "Yes if generated rows are significantly nearer to training than to held-out rows; "
            "such a state is not kept.",
            (0, 0),
            0,
            1,
            flag=True,
        ),
        "copying": Quantity(
            "Copying?",
            "Yes if training rows are nearer than chance allows.",
            (0, 0),
            0,
            1,
            flag=True,
        ),
    }
)


#: Quantities that each network or optimiser has, by the first word of their names.
_OF_EACH = {
    "loss": Quantity("{0}’s loss", "The quantity that the {1} minimises. Steady is good."),
    "gradient": Quantity(
        "{0}’s gradient",
        "Its norm: where it vanishes, nothing is learned.",
        low=0,
    ),
    "rate": Quantity("{0}’s learning rate", low=0),
}


def quantity_of(name: str, further: Mapping[str, Quantity] | None = None) -> Quantity:
    """Return the words of a recorded quantity, or its bare name where it is not known.

    Parameters
    ----------
    name : str
        Its column in the history.
    further : mapping of str to Quantity, optional
        Quantities that stand before those known here.

    Returns
    -------
    Quantity

    Examples
    --------
    >>> quantity_of("my_monitor").title
    'My monitor'
    >>> quantity_of("loss_encoder").title
    'Encoder’s loss'
    """
    found = (further or {}).get(name) or QUANTITIES.get(name)
    if found is not None:
        return found
    kind, _, network = name.replace("_", " ").partition(" ")
    if network and kind in _OF_EACH:
        each = _OF_EACH[kind]
        title, meaning = (
            words.format(network.capitalize(), network) for words in (each.title, each.meaning)
        )
        return Quantity(title, meaning, low=each.low)
    return Quantity(name.replace("_", " ").capitalize())
