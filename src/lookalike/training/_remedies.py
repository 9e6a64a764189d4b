"""What is tried when a run goes wrong: one remedy after the other, from the last good state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lookalike.nn import RelativisticPairing, ZeroCentred
from lookalike.training._game import Game, Optimiser

__all__ = ["LADDER", "Remedy"]

#: The weight of a penalty where there was none, and by how much one that is there is raised.
_PENALTY = 1.0
_STRONGER = 4.0


@dataclass(frozen=True)
class Remedy:
    """One rung of the ladder.

    Parameters
    ----------
    name : str
        What is done, in words.
    change : callable
        From the rules of the game to other ones.
    discriminator_rate : float
        The discriminator's coming learning rates are multiplied by this.
    """

    name: str
    change: Callable[[Game], Game]
    discriminator_rate: float = 1.0


def _penalised(game: Game) -> Game:
    """Keep the discriminator smooth by R1 + R2; a penalty of that kind becomes stronger.

    Clipped weights make way for it: both bound the slope, and clipping does it badly.
    """
    weight = _PENALTY
    if isinstance(game.penalty, ZeroCentred):
        weight = max(_PENALTY, _STRONGER * game.penalty.weight)
    return replace(game, penalty=ZeroCentred(weight), penalty_every=1, clip=None)


def _packed(game: Game) -> Game:
    """Show the discriminator two rows at once, so that it sees whether rows repeat each other."""
    pack = 2 * game.pack
    rows = max(2 * game.batch_size, pack)
    return replace(game, pack=pack, batch_size=rows - rows % pack)


def _relativistic(game: Game) -> Game:
    """Play what has never collapsed: relativistic pairing under R1 + R2, without momentum."""
    return replace(
        game,
        objective=RelativisticPairing(),
        penalty=ZeroCentred(0.5),
        penalty_every=4,
        clip=None,
        discriminator_steps=1,
        pack=1,
        optimiser=Optimiser(),
    )


#: Mildest first; each is added to those before it.
LADDER: tuple[Remedy, ...] = (
    Remedy("a slower discriminator", lambda game: game, discriminator_rate=0.25),
    Remedy("a stronger gradient penalty", _penalised),
    Remedy("packs of two rows in batches of twice the size", _packed),
    Remedy("relativistic pairing", _relativistic, discriminator_rate=4.0),
)
