"""Remedies for a game that goes wrong: each is tried from the last good state."""

from __future__ import annotations

from dataclasses import replace

from lookalike.nn import RelativisticPairing, ZeroCentred
from lookalike.training._adversarial import Game, Optimiser
from lookalike.training._task import Remedy

__all__ = ["REMEDIES"]

#: The weight of a penalty where there was none, and by how much one that is there is raised.
_PENALTY = 1.0
_STRONGER = 4.0
#: The rate of both players, the decay of the moving average and the fewest rows of a batch with
#: which relativistic pairing under R1 + R2 has never collapsed.
_SAFE_RATE, _SAFE_AVERAGE, _SAFE_BATCH = 1.2e-3, 0.999, 256


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

    It starts again: what a generator has learned of a game that went wrong is in its way.
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


#: The remedies of a `Game`, mildest first; each is added to those before it.
REMEDIES: tuple[Remedy, ...] = (
    Remedy("a slower discriminator", lambda game: game, {"discriminator": 0.25}),
    Remedy("a stronger gradient penalty", _penalised),
    Remedy("packs of two rows in batches of twice the size", _packed),
    Remedy("relativistic pairing from the start", _relativistic, restart_rate=_SAFE_RATE),
)
