"""Networks that read windows step by step: recurrent cells and causal attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import Choice, Flag, Number, check_parameters
from lookalike.nn._architecture import Architecture

__all__ = ["WindowArchitecture", "WindowNetwork", "architecture_of"]

_CELLS = ("lstm", "gru", "attention")
_RULES = {
    "cell": Choice(_CELLS),
    "steps": Number(1, 10_000, integer=True),
    "each_step": Flag(),
    "views": Flag(),
}


@dataclass(frozen=True)
class WindowArchitecture(Architecture):
    """Layers that read a flattened window, or noise, one step after the other.

    Parameters
    ----------
    widths : tuple of int
        The number of units of each layer; at least one.
    residual, activation, slope, normalisation, dropout, bias, initial : optional
        As of `Architecture`, whose defaults are the only values that these layers have.
    cell : {"lstm", "gru", "attention"}
        Long short-term memory (Hochreiter and Schmidhuber 1997), gated recurrent units (Cho et al.
        2014, arXiv 1406.1078), or causal attention of one head with a dense layer (Vaswani et al.
        2017, arXiv 1706.03762).
    steps : int
        The number of steps of a window. Inputs are cut into as many equal parts.
    each_step : bool
        Whether an affine map of each step's state gives the outputs of that step, where their
        number allows it; else one of the last state gives all outputs.
    views : bool
        Whether steps come with their change since the last one, and the last state with the
        amplitudes of the spectrum: for a discriminator.

    Raises
    ------
    ParameterError
        If a value breaks its rule.
    """

    cell: str = "lstm"
    steps: int = 24
    each_step: bool = False
    views: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_parameters("WindowArchitecture", _RULES, {name: vars(self)[name] for name in _RULES})
        plain = Architecture(self.widths)
        changed = [name for name in vars(plain) if vars(self)[name] != vars(plain)[name]]
        if changed or not self.widths:
            what = f"{changed[0]}=" if changed else "no widths"
            raise ParameterError(
                "Layers that read windows have widths, cell, steps, each_step and views alone; "
                f"got {what}. Leave it out, or give at least one width."
            )

    @classmethod
    def from_options(cls, values: Mapping[str, Any]) -> WindowArchitecture:
        """Return the architecture of plain values.

        Parameters
        ----------
        values : mapping of str to object
            Parameters by name.

        Returns
        -------
        WindowArchitecture

        Raises
        ------
        ParameterError
            If a name is unknown, or a value breaks its rule.
        """
        unknown = sorted(set(values) - {"widths", *_RULES} - set(vars(Architecture((1,)))))
        if unknown:
            raise ParameterError(
                f"Layers that read windows have widths, {', '.join(_RULES)}; got {unknown[0]!r}."
            )
        return cls(**{**values, "widths": tuple(values.get("widths", ()))})

    def build(self, inputs: int, outputs: int, key: PRNGKeyArray) -> WindowNetwork:  # type: ignore[override]
        """Return an untrained network.

        Parameters
        ----------
        inputs, outputs : int
            The widths of its inputs and outputs; inputs must be a multiple of the steps.
        key : PRNG key

        Returns
        -------
        WindowNetwork

        Raises
        ------
        ParameterError
            If inputs are no multiple of the steps.
        """
        if inputs % self.steps:
            raise ParameterError(
                f"The inputs of a network that reads windows must be a multiple of its "
                f"{self.steps} steps; got {inputs}. Change latent_size or steps."
            )
        own = inputs // self.steps
        keys = jax.random.split(key, len(self.widths) + 2)
        before = 2 * own if self.views else own
        layers = []
        for width, drawn in zip(self.widths, keys, strict=False):
            layers.append(_LAYERS[self.cell](before, width, key=drawn))
            before = width
        each = self.each_step and outputs % self.steps == 0
        seen = before + (own * (self.steps // 2) if self.views else 0)
        last = eqx.nn.Linear(seen, outputs // self.steps if each else outputs, key=keys[-1])
        return WindowNetwork(tuple(layers), last, self.steps, each, self.views)


def architecture_of(values: Mapping[str, Any] | Architecture) -> Architecture:
    """Return the architecture of plain values: one that reads windows if they name a cell.

    Parameters
    ----------
    values : mapping of str to object, or Architecture
        As of `Architecture.from_mapping`, or the parameters of `WindowArchitecture`.

    Returns
    -------
    Architecture

    Raises
    ------
    ParameterError
        If a value breaks its rule.
    """
    if isinstance(values, Mapping) and "cell" in values:
        return WindowArchitecture.from_options(values)
    return Architecture.from_mapping(values)


class _CellLayer(eqx.Module):
    """A layer of recurrent cells; every step has the state after it."""

    cell: eqx.nn.LSTMCell | eqx.nn.GRUCell

    def __call__(self, x: Float[Array, "steps inputs"]) -> Float[Array, "steps units"]:
        zeros = jnp.zeros(self.cell.hidden_size)
        two = isinstance(self.cell, eqx.nn.LSTMCell)

        def step(state: Any, own: Array) -> tuple[Any, Array]:
            state = self.cell(own, state)
            return state, state[0] if two else state

        _, states = jax.lax.scan(step, (zeros, zeros) if two else zeros, x)
        return states


class _Attention(eqx.Module):
    """Causal attention and a dense layer, each added to its input."""

    inner: eqx.nn.Linear
    query: eqx.nn.Linear
    key: eqx.nn.Linear
    value: eqx.nn.Linear
    dense: eqx.nn.Linear

    def __init__(self, inputs: int, units: int, *, key: PRNGKeyArray) -> None:
        keys = jax.random.split(key, 5)
        self.inner = eqx.nn.Linear(inputs, units, key=keys[0])
        self.query, self.key, self.value, self.dense = (
            eqx.nn.Linear(units, units, key=each) for each in keys[1:]
        )

    def __call__(self, x: Float[Array, "steps inputs"]) -> Float[Array, "steps units"]:
        steps, units = len(x), self.dense.weight.shape[1]
        # Sines and cosines of the position, of growing periods.
        turns = jnp.arange(steps)[:, None] / 10_000 ** (jnp.arange(units) // 2 * 2 / units)
        place = jnp.where(jnp.arange(units) % 2 == 0, jnp.sin(turns), jnp.cos(turns))
        h = jax.vmap(self.inner)(x) + place
        query, key, value = (jax.vmap(part)(h) for part in (self.query, self.key, self.value))
        logits = query @ key.T / units**0.5
        past = jnp.tril(jnp.ones((steps, steps), bool))
        h = h + jax.nn.softmax(jnp.where(past, logits, -1e9), axis=1) @ value
        return h + jax.nn.silu(jax.vmap(self.dense)(h))


def _lstm(inputs: int, units: int, *, key: PRNGKeyArray) -> _CellLayer:
    return _CellLayer(eqx.nn.LSTMCell(inputs, units, key=key))


def _gru(inputs: int, units: int, *, key: PRNGKeyArray) -> _CellLayer:
    return _CellLayer(eqx.nn.GRUCell(inputs, units, key=key))


_LAYERS = {"lstm": _lstm, "gru": _gru, "attention": _Attention}


class WindowNetwork(eqx.Module):
    """Layers that read a window step by step, then an affine map: the interface of `Network`.

    Parameters
    ----------
    layers : tuple of modules
    last : equinox.nn.Linear
    steps : int
    each : bool
        Whether `last` is applied at every step.
    views : bool
        See `WindowArchitecture`.
    """

    tracks: ClassVar[bool] = False

    layers: tuple[Any, ...]
    last: eqx.nn.Linear
    steps: int = eqx.field(static=True)
    each: bool = eqx.field(static=True)
    views: bool = eqx.field(static=True)

    def __call__(self, x: Float[Array, "rows inputs"]) -> Float[Array, "rows outputs"]:
        """Return the outputs; each row's depend on that row alone."""
        outputs: Float[Array, "rows outputs"] = jax.vmap(self._one)(x)
        return outputs

    def _one(self, flat: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        cells = flat.reshape(self.steps, -1)
        h = cells
        if self.views:
            h = jnp.concatenate([cells, jnp.diff(cells, axis=0, prepend=cells[:1])], axis=1)
        for layer in self.layers:
            h = layer(h)
        if self.each:
            return jax.vmap(self.last)(h).reshape(-1)
        state = h[-1]
        if self.views:
            waves = jnp.fft.rfft(cells, axis=0)[1:] / self.steps
            # The slope of an amplitude is undefined at 0.
            sizes = jnp.sqrt(waves.real**2 + waves.imag**2 + 1e-8)
            state = jnp.concatenate([state, sizes.reshape(-1)])
        return self.last(state)

    def learn(
        self,
        x: Float[Array, "rows inputs"],
        key: PRNGKeyArray,  # noqa: ARG002 - there is no dropout
    ) -> tuple[Float[Array, "rows outputs"], tuple[()]]:
        """Return the outputs, and no statistics."""
        return self(x), ()

    def absorb(self, stats: tuple[()]) -> WindowNetwork:  # noqa: ARG002 - there are none
        """Return the network itself."""
        return self
