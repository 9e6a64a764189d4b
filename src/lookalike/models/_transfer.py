"""Starting from what another model has learned, of the same table or of one like it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import equinox as eqx
import jax
import numpy as np

from lookalike._core.errors import ParameterError, SchemaError, nearest
from lookalike.encoding import Block
from lookalike.models._base import Synthesizer
from lookalike.models._file import load
from lookalike.nn import Network, Plan
from lookalike.training import Game, TrainState

__all__ = ["Transfer", "transferred"]

#: The share of a run during which the generator waits for the new discriminator.
_WAITING = 0.05


@dataclass(frozen=True)
class Transfer:
    """A generator to start from, and how its columns are named now.

    Parameters
    ----------
    plan : Plan
        How rows stand in its network.
    network : Network
    mapping : mapping of str to str
        Names in the new table to names in the old one, where they differ.
    """

    plan: Plan
    network: Network
    mapping: Mapping[str, str]

    def start(self, game: Game, seed: int, steps: int) -> tuple[TrainState, int]:
        """Return the state to start from, and for how many steps the generator waits.

        Hidden layers are taken as they are. Of the last layer, the units of all blocks that both
        tables have, of the same width, are taken; the others begin untrained.

        Raises
        ------
        ParameterError
            If the networks are of other sizes or another form, or no column is common.
        SchemaError
            If the mapping names a column that is not learned.
        """
        fresh = game.begin(seed).generator
        old, new = self._units(game.plan)
        if not len(new):
            raise ParameterError(
                "A warm start needs a model of the same columns, but none is common: it learned "
                f"{', '.join(map(repr, self.plan.columns))}. Give mapping={{new name: old name}}."
            )
        self._check(fresh, game.plan)
        last = fresh.last
        weight = last.weight.at[:, new].set(self.network.last.weight[:, old])
        assert last.bias is not None
        assert self.network.last.bias is not None
        bias = last.bias.at[new].set(self.network.last.bias[old])
        begun = eqx.tree_at(
            lambda n: (n.hidden, n.last.weight, n.last.bias),
            fresh,
            (self.network.hidden, weight, bias),
        )
        return game.begin(seed, generator=begun), round(_WAITING * steps)

    def _check(self, fresh: Network, plan: Plan) -> None:
        """Refuse networks of other sizes or of another form, and names that lead nowhere."""
        if _sizes(fresh) != _sizes(self.network):
            raise ParameterError(
                "A warm start needs networks of the same sizes, but the model has "
                f"{_sizes(self.network)} and this one {_sizes(fresh)}. Set latent_size, width and "
                "depth (or generator) as they were."
            )
        if _form(fresh) != _form(self.network):
            raise ParameterError(
                "A warm start needs networks of the same form, but activation, slope, residual "
                "layers or normalisation differ. Set generator as it was."
            )
        for new in self.mapping:
            if new not in plan.columns:
                raise SchemaError(
                    f"mapping names {new!r}, which this table does not have or does not learn."
                    f"{nearest(new, plan.columns)}"
                )

    def _units(self, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
        """Return which units of the old last layer become which of the new one."""
        known = {(b.column, b.part, b.width, b.head): s for b, s in _spans(self.plan)}
        old: list[int] = []
        new: list[int] = []
        for block, span in _spans(plan):
            name = self.mapping.get(block.column, block.column)
            found = known.get((name, block.part, block.width, block.head))
            if found is not None:
                old.extend(found)
                new.extend(span)
        return np.array(old, int), np.array(new, int)


def transferred(
    warm_start: Synthesizer | str | os.PathLike[str] | None, mapping: Mapping[str, str] | None
) -> Transfer | None:
    """Return what a caller's wish for a warm start means, or None where there is none.

    Raises
    ------
    ParameterError
        If `warm_start` is neither a model nor a path, or the model is no GAN.
    SchemaError
        If `mapping` names a column that it has not learned.
    ModelFileError
        If a path does not lead to a model.
    """
    if warm_start is None:
        if mapping is not None:
            raise ParameterError("mapping is for a warm start: give warm_start=model too.")
        return None
    if not isinstance(warm_start, Synthesizer | str | os.PathLike):
        raise ParameterError(
            f"warm_start must be a fitted GAN or the path of a saved one; got {warm_start!r}."
        )
    model = warm_start if isinstance(warm_start, Synthesizer) else load(warm_start)
    model._check_fitted()
    network = getattr(model, "_generator", None)
    if network is None:
        raise ParameterError(
            f"A warm start needs a GAN that has learned something; got {type(model).__name__}."
        )
    plan: Plan = model._plan
    for new, old in (mapping or {}).items():
        if old not in plan.columns:
            raise SchemaError(
                f"mapping sends {new!r} to {old!r}, which the model has not learned."
                f"{nearest(old, plan.columns)}"
            )
    return Transfer(plan, network, dict(mapping or {}))


def _spans(plan: Plan) -> list[tuple[Block, range]]:
    """Return each block with the positions of its units in a generator's output."""
    blocks = plan.layout.blocks
    return [(blocks[i], range(at, at + blocks[i].width)) for i, at in plan.starts.items()]


def _form(network: Network) -> tuple[object, ...]:
    """Return what the same weights would mean something else without; dropout may differ."""
    layers = jax.tree.structure(network.hidden)
    return layers, network.activation, network.slope, network.residual


def _sizes(network: Network) -> list[tuple[int, ...]]:
    leaves = [leaf.shape for leaf in jax.tree.leaves(network.hidden)]
    return [*leaves, (network.last.weight.shape[0],)]
