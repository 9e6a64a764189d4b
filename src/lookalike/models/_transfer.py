"""Warm starts from the generator of another model, of the same table or a similar one."""

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

#: The share of a run in which only the new discriminator is trained.
_WAITING = 0.05


@dataclass(frozen=True)
class Transfer:
    """A generator to start from, and the renaming of its columns.

    Parameters
    ----------
    plan : Plan
        The layout of the network's outputs.
    network : Network
    mapping : mapping of str to str
        From names in the new table to names in the old one, where they differ.
    """

    plan: Plan
    network: Network
    mapping: Mapping[str, str]

    def start(self, game: Game, seed: int, steps: int) -> tuple[TrainState, int]:
        """Return the initial state and the number of steps during which the generator is frozen.

        Hidden layers are copied. Of the last layer, the units of blocks that both tables have with
        the same width are copied; the others are initialised at random.

        Raises
        ------
        ParameterError
            If the networks have other sizes or another form, or no column is common.
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
        transferred = eqx.tree_at(
            lambda n: (n.hidden, n.last.weight, n.last.bias),
            fresh,
            (self.network.hidden, weight, bias),
        )
        return game.begin(seed, generator=transferred), round(_WAITING * steps)

    def _check(self, fresh: Network, plan: Plan) -> None:
        """Refuse networks of other sizes or another form, and unknown columns in the mapping."""
        if _sizes(fresh) != _sizes(self.network):
            raise ParameterError(
                "A warm start needs networks of the same sizes, but the model has "
                f"{_sizes(self.network)} and this one {_sizes(fresh)}. Set latent_size, width and "
                "depth (or generator) to the values of that model."
            )
        if _form(fresh) != _form(self.network):
            raise ParameterError(
                "A warm start needs networks of the same form, but activation, slope, residual "
                "layers or normalisation differ. Set generator to that of the model."
            )
        for new in self.mapping:
            if new not in plan.columns:
                raise SchemaError(
                    f"mapping names {new!r}, which this table does not have or does not learn."
                    f"{nearest(new, plan.columns)}"
                )

    def _units(self, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
        """Return the matching units of the old and of the new last layer."""
        known = {(b.column, b.part, b.width, b.head): s for b, s in _spans(self.plan)}
        old: list[int] = []
        new: list[int] = []
        for block, span in _spans(plan):
            name = self.mapping.get(block.column, block.column)
            match = known.get((name, block.part, block.width, block.head))
            if match is not None:
                old.extend(match)
                new.extend(span)
        return np.array(old, int), np.array(new, int)


def transferred(
    warm_start: Synthesizer | str | os.PathLike[str] | None, mapping: Mapping[str, str] | None
) -> Transfer | None:
    """Return the warm start for the arguments of `fit`, or None if there is none.

    Raises
    ------
    ParameterError
        If `warm_start` is neither a model nor a path, or the model is not a GAN.
    SchemaError
        If `mapping` names a column that the model has not learned.
    ModelFileError
        If the path is not that of a model.
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
                f"mapping maps {new!r} to {old!r}, which the model has not learned."
                f"{nearest(old, plan.columns)}"
            )
    return Transfer(plan, network, dict(mapping or {}))


def _spans(plan: Plan) -> list[tuple[Block, range]]:
    """Return each block with the positions of its units in a generator's output."""
    blocks = plan.layout.blocks
    return [(blocks[i], range(at, at + blocks[i].width)) for i, at in plan.starts.items()]


def _form(network: Network) -> tuple[object, ...]:
    """Return the properties of a network that its weights depend on; dropout may differ."""
    layers = jax.tree.structure(network.hidden)
    return layers, network.activation, network.slope, network.residual


def _sizes(network: Network) -> list[tuple[int, ...]]:
    leaves = [leaf.shape for leaf in jax.tree.leaves(network.hidden)]
    return [*leaves, (network.last.weight.shape[0],)]
