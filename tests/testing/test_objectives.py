"""Every objective keeps the contract, and the checks find those that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import pytest

from lookalike.nn import OBJECTIVES
from lookalike.nn.objectives import Hinge, KullbackLeibler, NonSaturating
from lookalike.testing import check_objective, objective_checks

OTHERS = {
    "kl, saturating": {"name": "kl", "saturating": True},
    "minimax, smooth": {"name": "minimax", "smoothing": 0.2},
    "non-saturating, smooth": {"name": "non-saturating", "smoothing": 0.2},
    "least-squares, smooth": {"name": "least-squares", "smoothing": 0.2},
}
CHECKS = {
    f"{name}: {check}": run
    for name, spec in ({name: name for name in OBJECTIVES} | OTHERS).items()
    for check, run in objective_checks(OBJECTIVES.create(spec))
}


@pytest.mark.parametrize("name", CHECKS)
def test_every_objective_keeps_the_contract(name):
    CHECKS[name]()


@dataclass(frozen=True)
class Overflows(KullbackLeibler):
    """Takes the exponential of anything."""

    def on_fake(self, logits):
        return jnp.exp(logits - 1)


@dataclass(frozen=True)
class Loses(Hinge):
    """Forgets generated rows in its sum."""

    def discriminator(self, real, fake):
        return self.halves(real, fake)[0]


@dataclass(frozen=True)
class Boasts(NonSaturating):
    """Says a better ideal than there is."""

    ideal: ClassVar[float] = 0.5


@dataclass(frozen=True)
class Modest(NonSaturating):
    """Says a worse ideal than there is."""

    ideal: ClassVar[float] = 2.0


@dataclass(frozen=True)
class Askew(Hinge):
    """Calls rows real by another line than that of the loss."""

    def centre(self, real, fake):
        return jnp.max(real) + 1


@dataclass(frozen=True)
class Unsure(Hinge):
    """Gives logits out for probabilities."""

    def probability(self, logits, centre):
        return logits - centre


@dataclass(frozen=True)
class Backwards(Hinge):
    """Lets the generator help the discriminator."""

    def on_own(self, logits):
        return logits


@dataclass(frozen=True)
class Forgets(NonSaturating):
    """Writes its name only."""

    def to_mapping(self):
        return {"name": self.name}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Overflows(), "must be finite"),
        (Loses(), "must add up"),
        (Boasts(), "must cost the ideal 0.5"),
        (Modest(), "must cost the ideal 2.0"),
        (Askew(), "centre"),
        (Unsure(), "from 0 to 1"),
        (Backwards(), "must lower the generator's loss"),
        (Forgets(smoothing=0.1), "must be equal to it"),
    ],
)
def test_the_checks_find_what_is_wrong(wrong, words):
    with pytest.raises(AssertionError, match=words):
        check_objective(wrong)
