"""Train a DCGAN of two layers on 28 × 28 pixels in PyTorch, eagerly; see `benchmarks/images.py`."""

from __future__ import annotations

import json
import sys
import time

import torch
from torch import nn


def main(steps: int) -> None:
    """Print the images per second of processor time as JSON."""
    torch.manual_seed(0)
    drawer = nn.Sequential(
        nn.ConvTranspose2d(100, 128, 7, bias=False),
        nn.BatchNorm2d(128),
        nn.ReLU(True),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(True),
        nn.ConvTranspose2d(64, 1, 4, 2, 1),
        nn.Tanh(),
    )
    judge = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2, True),
        nn.Flatten(),
        nn.Linear(128 * 49, 1),
    )
    rules = {"lr": 2e-4, "betas": (0.5, 0.999)}
    of_drawer = torch.optim.Adam(drawer.parameters(), **rules)
    of_judge = torch.optim.Adam(judge.parameters(), **rules)
    loss, batch = nn.BCEWithLogitsLoss(), 128
    data = torch.rand(1024, 1, 28, 28) * 2 - 1
    ones, zeros = torch.ones(batch, 1), torch.zeros(batch, 1)

    def step() -> None:
        real = data[torch.randint(len(data), (batch,))]
        fake = drawer(torch.rand(batch, 100, 1, 1) * 2 - 1)
        of_judge.zero_grad()
        (loss(judge(real), ones) + loss(judge(fake.detach()), zeros)).backward()
        of_judge.step()
        of_drawer.zero_grad()
        loss(judge(fake), ones).backward()
        of_drawer.step()

    for _ in range(3):
        step()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(steps):
        step()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    count = steps * batch
    print(json.dumps({"images_per_cpu_s": round(count / cpu), "images_per_s": round(count / wall)}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
