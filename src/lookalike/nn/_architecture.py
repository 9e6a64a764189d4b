"""The architecture of a network, as specified by users, presets and model files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import AnyOf, Choice, Flag, Number, Rule, check_parameters
from lookalike.nn._activations import ACTIVATIONS, activation_name, rectifier_gain
from lookalike.nn._network import Layer, Network
from lookalike.nn._primitives import INITIALS
from lookalike.nn.normalisations import NORMALISATIONS, Normalisation, Nothing

__all__ = ["Architecture"]


_WIDTH = Number(1, 2**16, integer=True)
#: The ways to specify widths: one by one, doubling from the first, or in the opposite order.
_WAYS = ("widths", "symmetrical", "mirrored")
#: The maximum number of hidden layers: the first, and 256 residual ones.
_LAYERS = 257


@dataclass(frozen=True)
class _Widths(Rule):
    """Rule for a sequence of widths."""

    def broken_by(self, value: Any) -> str | None:
        listed = isinstance(value, Sequence) and not isinstance(value, str)
        if listed and len(value) > _LAYERS:
            return f"must name at most {_LAYERS} hidden layers, but names {len(value):,}"
        if listed and all(_WIDTH.broken_by(width) is None for width in value):
            return None
        return "must be a list of integers in [1, 65536], one for each hidden layer"


_RULES: dict[str, Rule] = {
    "widths": _Widths(),
    "residual": Flag(),
    "activation": Choice(ACTIVATIONS),
    "slope": Number(),
    "normalisation": AnyOf((NORMALISATIONS.name_rule,), none=True),
    "dropout": Number(0, 0.99),
    "bias": Flag(),
    "initial": Choice(tuple(INITIALS)),
}


_DOUBLING: dict[str, Rule] = {"first": _WIDTH, "layers": Number(1, 16, integer=True)}


@dataclass(frozen=True)
class Architecture:
    """The hidden layers of a network; equal architectures share a compiled program.

    Parameters
    ----------
    widths : tuple of int
        The number of units of each hidden layer, for at most 257 layers; empty for an affine map.
    residual : bool, default False
        Whether every hidden layer but the first adds to its input. All widths must be equal.
    activation : str or function of `jax.nn`, default "leaky_relu"
        An elementwise function of `jax.nn`, such as ``"relu"``, ``"elu"``, ``"selu"``, ``"gelu"``,
        ``"silu"`` or ``"tanh"``. It is stored by name, since loading a model file runs no code;
        other functions are refused.
    slope : float, default 0.2
        The slope of ``"leaky_relu"`` below zero; unused by other activations.
    normalisation : {None, "batch", "layer", "spectral"}
        The normalisation of hidden layers before their activation.
    dropout : float, default 0
        The share of hidden units that are set to 0 while training.
    bias : bool, default True
        Whether hidden layers have biases; the last layer always has one.
    initial : {"he", "glorot", "dcgan", "lecun"}
        The scale of initial normal weights: √2/√inputs for rectifiers and the equivalent for others
        (He), √(2/(inputs + outputs)), 0.02 (as in DCGAN), or 1/√inputs. Biases start at 0.

    Raises
    ------
    ParameterError
        If values break their rules; all of them are reported at once.

    Examples
    --------
    >>> Architecture.symmetrical(32, 2, activation="relu", normalisation="batch").widths
    (32, 64)
    >>> Architecture((32, 64)).mirrored().widths
    (64, 32)
    """

    widths: tuple[int, ...]
    residual: bool = False
    activation: str | Callable[..., Any] = "leaky_relu"
    slope: float | int = 0.2
    normalisation: str | None = None
    dropout: float | int = 0.0
    bias: bool = True
    initial: str = "he"

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", activation_name(self.activation))
        check_parameters("Architecture", _RULES, {name: vars(self)[name] for name in _RULES})
        # Plain values, so that equal architectures are hashed, printed and written alike.
        object.__setattr__(self, "widths", tuple(int(width) for width in self.widths))
        object.__setattr__(self, "slope", float(self.slope))
        object.__setattr__(self, "dropout", float(self.dropout))
        if self.residual and len(set(self.widths)) > 1:
            raise ParameterError(
                "Architecture: the widths of a residual network must be equal; "
                f"got {list(self.widths)}. Make them equal, or set residual to False."
            )

    @classmethod
    def symmetrical(cls, first: int, layers: int, **options: Any) -> Architecture:
        """Return the architecture whose widths double from layer to layer.

        Its mirror image (`mirrored`) halves them: the pair for generator and discriminator of
        Radford, Metz and Chintala 2015, arXiv 1511.06434.

        Parameters
        ----------
        first : int
            The number of units of the first hidden layer.
        layers : int
            The number of hidden layers.
        **options
            The other parameters.

        Returns
        -------
        Architecture
        """
        check_parameters("Architecture.symmetrical", _DOUBLING, {"first": first, "layers": layers})
        return cls(tuple(first * 2**k for k in range(layers)), **options)

    def mirrored(self) -> Architecture:
        """Return the architecture with its widths in the opposite order."""
        return replace(self, widths=self.widths[::-1])

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any] | Architecture) -> Architecture:
        """Return the architecture of plain values, from `to_mapping` or from a user.

        Parameters
        ----------
        values : mapping of str to object, or Architecture
            Parameters by name; omitted ones have their defaults. Instead of ``"widths"`` it may
            have ``"symmetrical"``, a mapping of ``"first"`` and ``"layers"`` for widths that double
            (see `symmetrical`), or ``"mirrored"``, the same in the opposite order. An architecture
            is returned unchanged.

        Returns
        -------
        Architecture

        Raises
        ------
        ParameterError
            If a name is unknown, widths are missing or given twice, or a value breaks its rule.

        Examples
        --------
        >>> Architecture.from_mapping({"mirrored": {"first": 32, "layers": 2}}).widths
        (64, 32)
        """
        if isinstance(values, Architecture):
            return values
        given = [name for name in _WAYS if isinstance(values, Mapping) and name in values]
        if len(given) != 1:
            got = sorted(map(str, values)) if isinstance(values, Mapping) else values
            raise ParameterError(
                "Architecture needs a mapping with 'widths', the units of each hidden layer, or "
                f"'symmetrical' or 'mirrored' in its place; got {got!r}. "
                "Give one of them, such as {'widths': [128, 128]}."
            )
        if given != ["widths"]:
            others = {name: value for name, value in values.items() if name not in _WAYS}
            return _doubling(given[0], values[given[0]], others)
        values = _named(values)
        check_parameters("Architecture", _RULES, values)
        return cls(**{**values, "widths": tuple(values["widths"])})

    def to_mapping(self) -> dict[str, Any]:
        """Return all parameters as plain values for JSON."""
        return asdict(self) | {"widths": list(self.widths)}

    def build(self, inputs: int, outputs: int, key: PRNGKeyArray) -> Network:
        """Return an untrained network.

        Parameters
        ----------
        inputs, outputs : int
            The widths of its inputs and outputs.
        key : PRNG key

        Returns
        -------
        Network
        """
        keys = jax.random.split(key, len(self.widths) + 1)
        hidden, before = [], inputs
        for number, width in enumerate(self.widths):
            hidden.append(self._hidden(before, width, number, keys[number]))
            before = width
        return Network(
            hidden=tuple(hidden),
            last=self._last(before, outputs, keys[-1]),
            activation=str(self.activation),
            slope=self.slope,
            residual=self.residual,
            dropout=self.dropout,
        )

    def products(self, inputs: int, outputs: int) -> int:
        """Return the number of multiplications for one row.

        Parameters
        ----------
        inputs, outputs : int
            As for `build`.
        """
        sizes = (inputs, *self.widths, outputs)
        return sum(a * b for a, b in pairwise(sizes))

    @property
    def _normalisation(self) -> type[Normalisation]:
        return Nothing if self.normalisation is None else NORMALISATIONS[self.normalisation]

    def _hidden(self, inputs: int, units: int, number: int, key: PRNGKeyArray) -> Layer:
        # Residual branches are scaled by 1/√branches, so that h does not grow with depth.
        branches = len(self.widths) - 1 if self.residual and number else 1
        gain = rectifier_gain(str(self.activation), self.slope)
        deviation = INITIALS[self.initial](inputs, units, gain) / branches**0.5
        weight = jax.random.normal(key, (inputs, units)) * deviation
        normalisation = self._normalisation.begin(
            weight, 1 / branches**0.5, jax.random.fold_in(key, 1)
        )
        return Layer(weight, jnp.zeros(units) if self.bias else None, normalisation)

    def _last(self, inputs: int, units: int, key: PRNGKeyArray) -> Layer:
        weight = jax.random.normal(key, (inputs, units)) * INITIALS[self.initial](
            inputs, units, 1.0
        )
        kind = self._normalisation if self._normalisation.last else Nothing
        normalisation = kind.begin(weight, 1.0, jax.random.fold_in(key, 1))
        return Layer(weight, jnp.zeros(units), normalisation)


def _named(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return parameters in which an activation function is replaced by its name."""
    if "activation" not in values:
        return values
    return {**values, "activation": activation_name(values["activation"])}


def _doubling(way: str, sizes: Any, others: Mapping[str, Any]) -> Architecture:
    """Return the architecture whose widths double, or halve, from a mapping of both numbers."""
    if not isinstance(sizes, Mapping) or set(sizes) != set(_DOUBLING):
        raise ParameterError(
            f"Architecture needs 'first' and 'layers' for {way!r}; got {sizes!r}. "
            f"Give both, such as {{{way!r}: {{'first': 32, 'layers': 2}}}}."
        )
    others = _named(others)
    rules = {name: rule for name, rule in _RULES.items() if name != "widths"}
    check_parameters("Architecture", rules, others)
    found = Architecture.symmetrical(sizes["first"], sizes["layers"], **others)
    return found if way == "symmetrical" else found.mirrored()
