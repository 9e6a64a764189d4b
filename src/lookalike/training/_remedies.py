"""What is tried when a run goes wrong: one remedy after the other, from the last good state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lookalike.nn import RelativisticPairing, ZeroCentred
from lookalike.training._game import Game, Optimiser

__all__ = ["LADDER", "Remedy", "next_attempt"]

#: The weight of a penalty where there was none, and by how much one that is there is raised.
_PENALTY = 1.0
_STRONGER = 4.0
#: The rate of both players, the decay of the moving average and the fewest rows of a batch with
#: which relativistic pairing under R1 + R2 has never collapsed.
_SAFE_RATE, _SAFE_AVERAGE, _SAFE_BATCH = 1.2e-3, 0.999, 256
#: With less of the run left, nobody could tell whether a remedy that goes on from there helps.
_ENOUGH = 0.2


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
    afresh : float or None
        The run begins anew, with this learning rate of both players; None goes back to the last
        good state.
    """

    name: str
    change: Callable[[Game], Game]
    discriminator_rate: float = 1.0
    afresh: float | None = None


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
    """Play what has never collapsed: relativistic pairing under R1 + R2, without momentum.

    It begins anew: what a generator has learned of a game that went wrong is in its way.
    """
    return replace(
        game,
        objective=RelativisticPairing(),
        penalty=ZeroCentred(0.5),
        penalty_every=4,
        clip=None,
        discriminator_steps=1,
        pack=1,
        batch_size=max(game.batch_size, _SAFE_BATCH),
        average=max(game.average, _SAFE_AVERAGE),
        optimiser=Optimiser(),
    )


#: Mildest first; each is added to those before it.
LADDER: tuple[Remedy, ...] = (
    Remedy("a slower discriminator", lambda game: game, discriminator_rate=0.25),
    Remedy("a stronger gradient penalty", _penalised),
    Remedy("packs of two rows in batches of twice the size", _packed),
    Remedy("relativistic pairing from the start", _relativistic, afresh=_SAFE_RATE),
)


def next_attempt(attempt: int, left: float) -> int:
    """Return the number of the next attempt: that of its rung of the ladder, from 1 on.

    Parameters
    ----------
    attempt : int
        How many rungs have been tried, fewer than there are.
    left : float
        The share of the run that is left. If it is short, only beginning anew can help.
    """
    return attempt + 1 if left >= _ENOUGH else len(LADDER)
