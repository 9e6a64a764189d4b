"""A stack of dense layers with batch normalisation and dropout, for supervised learning."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from lookalike.nn._primitives import Linear

__all__ = ["DenseNetwork", "Moments"]

_ACTIVATIONS = {"elu": jax.nn.elu, "relu": jax.nn.relu, "selu": jax.nn.selu}
#: ε of batch normalisation, and the decay of its moving moments.
_EPSILON = 1e-3
_MOMENTUM = 0.9
#: The variance of weights is this over the fan-in (He et al. 2015).
_HE = 2.0


class Moments(NamedTuple):
    """Mean and variance of each hidden unit before its normalisation.

    Parameters
    ----------
    mean, variance : array, shape (layers, units)
        Over the rows of a batch, or moving over batches.
    """

    mean: Float[Array, "*layers units"]
    variance: Float[Array, "*layers units"]


class _DenseLayer(NamedTuple):
    """A dense layer that is followed by a normalisation, so that it needs no bias of its own."""

    weight: Float[Array, "*layers inputs units"]
    scale: Float[Array, "*layers units"]
    shift: Float[Array, "*layers units"]


class DenseNetwork(eqx.Module):
    """Layers of dense → batch normalisation → nonlinearity → dropout, then a dense layer.

    Source: Leitner 2021, listing 7 (five layers of 64 units, selu, dropout 0.3), with the
    initialisation of He et al. 2015, arXiv 1502.01852. All layers but the first are of one shape
    and are scanned over, so that a deep network takes no longer to compile than a shallow one.

    Parameters
    ----------
    inputs, outputs, units, layers : int
        The widths of inputs, outputs and hidden layers, and the number of hidden layers.
    fan_in : float
        The number of inputs without padding.
    activation : {"elu", "relu", "selu"}
        The activation function.
    key : PRNG key
    """

    first: _DenseLayer
    others: _DenseLayer
    last: Linear
    activation: str = eqx.field(static=True)

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        units: int,
        layers: int,
        fan_in: Float[Array, ""],
        activation: str,
        key: PRNGKeyArray,
    ) -> None:
        keys = jax.random.split(key, 3)
        first = jax.random.normal(keys[0], (inputs, units)) * jnp.sqrt(_HE / fan_in)
        others = jax.random.normal(keys[1], (layers - 1, units, units)) * (_HE / units) ** 0.5
        self.first = _DenseLayer(first, jnp.ones(units), jnp.zeros(units))
        self.others = _DenseLayer(others, jnp.ones(others.shape[:2]), jnp.zeros(others.shape[:2]))
        self.last = Linear(units, outputs, keys[2])
        self.activation = activation

    def start(self) -> Moments:
        """Return the moving moments before the first step."""
        layers, units = self.others.scale.shape
        return Moments(jnp.zeros((layers + 1, units)), jnp.ones((layers + 1, units)))

    def learn(
        self,
        x: Float[Array, "rows inputs"],
        present: Float[Array, " rows"],
        moments: Moments,
        dropout: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> tuple[Float[Array, "rows outputs"], Moments]:
        """Return the outputs while training, and the moving moments after this batch.

        `present` is 0 for rows that are padding: they do not count in the batch's moments.
        """
        count = present.sum()
        kept = jax.random.bernoulli(key, 1 - dropout, (*moments.mean.shape, len(x)))

        def pass_on(
            x: Float[Array, "rows inputs"], part: tuple[_DenseLayer, Bool[Array, "units rows"]]
        ) -> tuple[Float[Array, "rows units"], Moments]:
            layer, kept = part
            x = x @ layer.weight
            mean = present @ x / count
            seen = Moments(mean, present @ (x - mean) ** 2 / count)
            x = self._normalised(x, layer, seen)
            return jnp.where(kept.T, x / (1 - dropout), 0.0), seen

        x, seen = pass_on(x, (self.first, kept[0]))
        x, rest = jax.lax.scan(pass_on, x, (self.others, kept[1:]))
        moved = Moments(
            *(
                _MOMENTUM * old + (1 - _MOMENTUM) * jnp.concatenate([a[None], b])
                for old, a, b in zip(moments, seen, rest, strict=True)
            )
        )
        return self.last(x), moved

    def __call__(
        self, x: Float[Array, "rows inputs"], moments: Moments
    ) -> Float[Array, "rows outputs"]:
        def pass_on(
            x: Float[Array, "rows inputs"], part: tuple[_DenseLayer, Moments]
        ) -> tuple[Float[Array, "rows units"], None]:
            layer, seen = part
            return self._normalised(x @ layer.weight, layer, seen), None

        x, _ = pass_on(x, (self.first, Moments(moments.mean[0], moments.variance[0])))
        rest = Moments(moments.mean[1:], moments.variance[1:])
        return self.last(jax.lax.scan(pass_on, x, (self.others, rest))[0])

    def _normalised(
        self, x: Float[Array, "rows units"], layer: _DenseLayer, seen: Moments
    ) -> Float[Array, "rows units"]:
        x = (x - seen.mean) * jax.lax.rsqrt(seen.variance + _EPSILON)
        return _ACTIVATIONS[self.activation](x * layer.scale + layer.shift)

    def folded(
        self, moments: Moments
    ) -> list[tuple[Float[Array, "inputs units"], Float[Array, " units"]]]:
        """Return weight and bias of each layer, with the normalisation multiplied in."""
        layers = [self.first, *(_DenseLayer(*parts) for parts in zip(*self.others, strict=True))]
        found = []
        for layer, mean, variance in zip(layers, *moments, strict=True):
            factor = layer.scale * jax.lax.rsqrt(variance + _EPSILON)
            found.append((layer.weight * factor, layer.shift - mean * factor))
        return [*found, (self.last.weight, self.last.bias)]
