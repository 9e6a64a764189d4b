"""Job: what the same step costs in eager PyTorch. Runs in an environment of its own.

The networks, the batch, the objective and the order of updates are those of the preset that the
task names: one update of the discriminator, then one of the generator on the same rows. Drawing
rows, noise, Gumbel-softmax, dropout and batch statistics are part of the step, as they are there.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

#: τ of the Gumbel-softmax.
_TEMPERATURE = 0.2


@dataclass
class Game:
    """Two networks, their optimisers, and what is played.

    Parameters
    ----------
    generator, discriminator : nn.Module
    adams : tuple of torch.optim.Optimizer
        The generator's and the discriminator's.
    latent, batch : int
        Widths of the noise and rows of a step.
    penalty : float
        Weight of the gradient penalty; 0 plays the non-saturating objective instead.
    uniform : bool
        Whether the noise is uniform in [-1, 1] instead of normal.
    """

    generator: nn.Module
    discriminator: nn.Module
    adams: tuple[torch.optim.Optimizer, torch.optim.Optimizer]
    latent: int
    batch: int
    penalty: float
    uniform: bool

    def noise(self) -> Tensor:
        """Return random input of the generator."""
        shape = (self.batch, self.latent)
        return 2 * torch.rand(shape) - 1 if self.uniform else torch.randn(shape)


def wasserstein(numbers: int, levels: Sequence[int]) -> Game:
    """Return the game of ``leitner-wgan-gp``."""
    width = numbers + sum(levels)
    generator = nn.Sequential(
        *(_normalised(8, 32) + _normalised(32, 64)), nn.Linear(64, width), Heads(numbers, levels)
    )
    discriminator = nn.Sequential(
        *(_dropped(width, 64) + _dropped(64, 32)),
        nn.Linear(32, 1),
    )
    return Game(generator, discriminator, _adams(generator, discriminator, 1e-4), 8, 32, 10.0, True)


def plane(numbers: int, levels: Sequence[int]) -> Game:
    """Return the game of ``joshi-2d``."""
    width = numbers + sum(levels)
    generator = nn.Sequential(
        nn.Linear(2, 15), nn.ReLU(), nn.Linear(15, width), Heads(numbers, levels)
    )
    discriminator = nn.Sequential(nn.Linear(width, 25), nn.ReLU(), nn.Linear(25, 1))
    return Game(generator, discriminator, _adams(generator, discriminator, 1e-4), 2, 10, 0.0, False)


GAMES: dict[str, Callable[[int, Sequence[int]], Game]] = {
    "leitner-wgan-gp": wasserstein,
    "joshi-2d": plane,
}


class Heads(nn.Module):
    """Ends a generator: tanh of numbers, Gumbel-softmax of levels."""

    def __init__(self, numbers: int, levels: Sequence[int]) -> None:
        super().__init__()
        self.sizes = [numbers, *levels]

    def forward(self, raw: Tensor) -> Tensor:
        """Return soft rows, shape (rows, width)."""
        first, *others = raw.split(self.sizes, dim=1)
        soft = [functional.gumbel_softmax(x, tau=_TEMPERATURE, dim=1) for x in others]
        return torch.cat([torch.tanh(first), *soft], dim=1)


def _normalised(ins: int, outs: int) -> list[nn.Module]:
    return [nn.Linear(ins, outs, bias=False), nn.BatchNorm1d(outs), nn.SELU()]


def _dropped(ins: int, outs: int) -> list[nn.Module]:
    return [nn.Linear(ins, outs), nn.SELU(), nn.Dropout(0.3)]


def _adams(g: nn.Module, d: nn.Module, rate: float) -> tuple[Any, Any]:
    made = [torch.optim.Adam(n.parameters(), lr=rate, betas=(0.9, 0.999)) for n in (g, d)]
    return made[0], made[1]


def step(game: Game, rows: Tensor) -> None:
    """Update the discriminator, then the generator."""
    real = rows[torch.randint(len(rows), (game.batch,))]
    fake = game.generator(game.noise())
    _update(game.adams[1], _loss_d(game, real, fake.detach()))
    logits = game.discriminator(fake)
    _update(game.adams[0], -logits.mean() if game.penalty else functional.softplus(-logits).mean())


def _loss_d(game: Game, real: Tensor, fake: Tensor) -> Tensor:
    """Return the discriminator's loss."""
    on_real, on_fake = game.discriminator(real), game.discriminator(fake)
    if not game.penalty:
        return functional.softplus(-on_real).mean() + functional.softplus(on_fake).mean()
    share = torch.rand(len(real), 1)
    between = (share * real + (1 - share) * fake).requires_grad_()
    logits = game.discriminator(between).sum()
    (slopes,) = torch.autograd.grad(logits, between, create_graph=True)
    penalty = ((slopes.norm(dim=1) - 1) ** 2).mean()
    return on_fake.mean() - on_real.mean() + game.penalty * penalty


def _update(adam: torch.optim.Optimizer, loss: Tensor) -> None:
    adam.zero_grad(set_to_none=True)
    loss.backward()
    adam.step()


def main(path: Path) -> None:
    """Time the task's steps several times, and write the medians in seconds per step."""
    task: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    torch.set_num_threads(1)
    torch.manual_seed(0)
    game = GAMES[task["preset"]](task["numbers"], task["levels"])
    rows = torch.rand(task["rows"], task["numbers"] + sum(task["levels"]))
    walls, cpus = [], []
    for _ in range(task["repeats"] + 1):
        began = time.perf_counter(), time.process_time()
        for _ in range(task["steps"]):
            step(game, rows)
        walls.append((time.perf_counter() - began[0]) / task["steps"])
        cpus.append((time.process_time() - began[1]) / task["steps"])
    # The first round warms up.
    found = {"wall": statistics.median(walls[1:]), "cpu": statistics.median(cpus[1:])}
    path.with_suffix(".json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
