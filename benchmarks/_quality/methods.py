"""The methods of the benchmark: a driver, an environment and settings that are not defaults."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

#: Begins the names of our own methods: ``ours-BUDGET`` or ``ours-MODEL``, then any ``+NAME=JSON``.
OURS = "ours-"
#: Names of budgets rather than synthesizers.
BUDGETS = ("fast", "balanced", "best")


@dataclass(frozen=True)
class Method:
    """A synthesizer as the benchmark runs it.

    Parameters
    ----------
    driver : str
        A script of ``benchmarks/peers``.
    environment : str or None
        The environment that it runs in; None is the one that runs the benchmark.
    settings : dict
        Settings that are not the defaults.
    most_rows : int or None
        Tables of more training rows are left out.
    most_levels : int or None
        Tables with more levels, of all columns together, are left out.
    """

    driver: str
    environment: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    most_rows: int | None = None
    most_levels: int | None = None


METHODS = {
    "independent": Method("drive_ours.py", settings={"model": "Independent"}),
    "ctgan": Method("drive_ctgan.py", "ctgan", {"model": "CTGAN"}),
    "tvae": Method("drive_ctgan.py", "ctgan", {"model": "TVAE"}),
    "copula": Method("drive_copula.py", "copula"),
    "argn": Method("drive_argn.py", "argn"),
    "arf": Method("drive_arf.py", "arf"),
    # 50 ensembles on 100 copies of each row, levels one-hot: hours on anything larger.
    "forest": Method("drive_forest.py", "forest", most_rows=2_000, most_levels=200),
}
#: The peers that a result is compared with: everything but ours and the floor.
PEERS = tuple(name for name in METHODS if name != "independent")


def method(name: str) -> Method:
    """Return a method by name.

    Parameters
    ----------
    name : str
        One of `METHODS`, ``ours-BUDGET`` for `lookalike.GAN`, such as ``ours-fast``, or
        ``ours-MODEL`` for another synthesizer, such as ``ours-GaussianCopula``; parameters may
        follow, as in ``ours-balanced+steps=500+calibrate=false``.

    Raises
    ------
    SystemExit
        If there is no such method.
    """
    if name.startswith(OURS):
        which, *rest = name.removeprefix(OURS).split("+")
        try:
            given = {key: json.loads(value) for key, value in (p.split("=", 1) for p in rest)}
        except ValueError as error:
            raise SystemExit(f"{name!r}: parameters are +NAME=JSON ({error}).") from error
        model = {"model": "GAN", "budget": which} if which in BUDGETS else {"model": which}
        return Method("drive_ours.py", settings={**model, **given})
    if name not in METHODS:
        known = ", ".join(METHODS)
        raise SystemExit(
            f"There is no method {name!r}. The methods are ours-BUDGET, ours-MODEL, {known}."
        )
    return METHODS[name]


def is_ours(name: str) -> bool:
    """Say whether a method is lookalike's own, the floor aside."""
    return name.startswith(OURS)


def alternating(names: list[str]) -> list[str]:
    """Return methods in an order in which ours and others take turns."""
    ours = [name for name in names if is_ours(name)]
    others = [name for name in names if not is_ours(name)]
    return [name for turn in zip_longest(ours, others) for name in turn if name is not None]
