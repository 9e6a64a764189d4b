"""Remedies for adversarial training that fails; each is tried from the last good state."""

from __future__ import annotations

from dataclasses import replace

from lookalike.nn import RelativisticPairing, ZeroCentred
from lookalike.training._adversarial import Game, Optimiser
from lookalike.training._task import Remedy

__all__ = ["REMEDIES"]

#: The weight of a new penalty, and the factor by which the weight of an existing one is raised.
_PENALTY = 1.0
_STRONGER = 4.0
#: The learning rate of both networks, the decay of the moving average and the minimum batch size
#: with which relativistic pairing under R1 + R2 has never collapsed.
_SAFE_RATE, _SAFE_AVERAGE, _SAFE_BATCH = 1.2e-3, 0.999, 256


def _penalised(game: Game) -> Game:
    """Add an R1 + R2 penalty, or strengthen an existing one.

    It replaces weight clipping, which bounds the discriminator's gradient less well.
    """
    weight = _PENALTY
    if isinstance(game.penalty, ZeroCentred):
        weight = max(_PENALTY, _STRONGER * game.penalty.weight)
    return replace(game, penalty=ZeroCentred(weight), penalty_every=1, clip=None)


def _packed(game: Game) -> Game:
    """Show the discriminator pairs of rows, so that it detects rows that repeat each other."""
    pack = 2 * game.pack
    rows = max(2 * game.batch_size, pack)
    return replace(game, pack=pack, batch_size=rows - rows % pack)


def _relativistic(game: Game) -> Game:
    """Use what has never collapsed: relativistic pairing under R1 + R2, without momentum.

    Training starts from scratch: the weights of a generator that failed are a poor start.
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
