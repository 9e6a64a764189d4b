"""The parameters of a GAN that few users change, in two groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import AnyOf, Choice, Group, Number, Rule
from lookalike.nn import PENALTIES, Architecture, Objective, Penalty, architecture_of
from lookalike.training import CHUNK
from lookalike.training.strategies import STRATEGIES, Strategy

__all__ = ["Networks", "Option", "TrainingRules"]


@dataclass(frozen=True)
class Option(Rule):
    """Rule for a name, a mapping or an instance that a function can read.

    An instance is checked through its mapping, in which form a model file stores it.

    Parameters
    ----------
    read : callable
        Reads the value; its error is the reason of the refusal.
    optional : bool
        Whether None is allowed.
    """

    read: Callable[[Any], object]
    optional: bool = False

    def broken_by(self, value: Any) -> str | None:
        if self.optional and value is None:
            return None
        if isinstance(value, Architecture | Objective | Penalty | Strategy):
            value = value.to_mapping()
        if not isinstance(value, str | Mapping | Sequence):
            return "must be a name or a mapping" + (" or None" if self.optional else "")
        try:
            self.read(value)
        except ParameterError as error:
            return f"is not understood ({error})"
        return None


class _Betas(Rule):
    """Rule for the two decays of an optimiser."""

    def broken_by(self, value: Any) -> str | None:
        rule = Number(0, 1)
        listed = isinstance(value, Sequence) and len(value) == 2
        if listed and all(rule.broken_by(v) is None and v < 1 for v in value):
            return None
        return "must be two numbers in [0, 1)"


class Networks(Group):
    """Architectures of the generator and the discriminator of a `GAN`.

    Parameters
    ----------
    generator, discriminator : mapping, Architecture or None
        Architectures, such as ``{"widths": [32, 64], "activation": "relu", "normalisation":
        "batch", "dropout": 0.3, "bias": False}``, or ``{"symmetrical": {"first": 32, "layers":
        2}}`` for widths that double; see `lookalike.nn.Architecture`. With ``"cell"``, layers that
        read the row as a window, step by step: see `lookalike.nn.WindowArchitecture`. None takes
        residual layers of the GAN's `width` and `depth`.
    latent_size : int
        The dimension of the latent space, the generator's random input.
    latent : {"normal", "uniform"}
        The latent distribution: standard normal, or uniform in [-1, 1].
    pack : int
        The number of rows that the discriminator judges together (PacGAN: Lin et al. 2018, arXiv
        1712.04086). `batch_size` must be a multiple of it.
    temperature : float
        The temperature τ of the Gumbel-softmax through which gradients reach the logits of
        categories.

    Examples
    --------
    >>> from lookalike.models import Networks
    >>> Networks(latent_size=16, pack=4)
    Networks(latent_size=16, pack=4)
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        "generator": Option(architecture_of, optional=True),
        "discriminator": Option(architecture_of, optional=True),
        "latent_size": Number(1, 2**16, integer=True),
        "latent": Choice(("normal", "uniform")),
        "pack": Number(1, 64, integer=True),
        "temperature": Number(0, open_low=True),
    }

    def __init__(
        self,
        *,
        generator: Mapping[str, Any] | Architecture | None = None,
        discriminator: Mapping[str, Any] | Architecture | None = None,
        latent_size: int = 64,
        latent: str = "normal",
        pack: int = 1,
        temperature: float = 0.2,
    ) -> None:
        self.generator = generator
        self.discriminator = discriminator
        self.latent_size = latent_size
        self.latent = latent
        self.pack = pack
        self.temperature = temperature


class TrainingRules(Group):
    """Learning rates, optimiser and regularisation of both networks of a `GAN`.

    Parameters
    ----------
    discriminator_rate : float or None
        The peak learning rate of the discriminator; None takes the generator's.
    schedule : str, mapping or Strategy
        The learning-rate schedule of both networks: "constant", "cosine", "onecycle", "plateau",
        "batch-scaled", "balance" or "gap", or a mapping with that ``"name"`` and its options.
    discriminator_schedule : str, mapping, Strategy or None
        A schedule of its own for the discriminator; None takes `schedule`.
    optimiser : {"adam", "rmsprop"}
        The optimiser of both networks.
    betas : sequence of float
        The decays of the optimiser's moving averages of gradients and of squared gradients.
    discriminator_steps : int
        The number of discriminator updates for each generator update.
    penalty : str, mapping, Penalty or None
        The gradient penalty of the discriminator: "zero-centred", γ/2·(R1 + R2), or "interpolated",
        the Wasserstein gradient penalty; or a mapping with that ``"name"`` and its ``"weight"``.
        None for no penalty.
    penalty_every : int
        The number of steps between penalties; the weight is multiplied by it (lazy regularisation).
    clip : float or None
        The bound to whose ± the discriminator's weights are clipped; None for no clipping.
    average : float
        The decay of the exponential moving average of the generator, from which rows are sampled;
        0 samples from the generator itself.

    Examples
    --------
    >>> from lookalike.models import TrainingRules
    >>> TrainingRules(schedule="constant", average=0.0)
    TrainingRules(average=0.0, schedule='constant')
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        "discriminator_rate": AnyOf((Number(0, open_low=True),), none=True),
        "schedule": Option(STRATEGIES.create),
        "discriminator_schedule": Option(STRATEGIES.create, optional=True),
        "optimiser": Choice(("adam", "rmsprop")),
        "betas": _Betas(),
        "discriminator_steps": Number(1, 100, integer=True),
        "penalty": Option(PENALTIES.create, optional=True),
        "penalty_every": Number(1, CHUNK, integer=True),
        "clip": AnyOf((Number(0, open_low=True),), none=True),
        "average": Number(0, 1),
    }

    def __init__(
        self,
        *,
        discriminator_rate: float | None = None,
        schedule: str | Mapping[str, Any] | Strategy = "cosine",
        discriminator_schedule: str | Mapping[str, Any] | Strategy | None = None,
        optimiser: str = "adam",
        betas: Sequence[float] = (0.0, 0.99),
        discriminator_steps: int = 1,
        penalty: str | Mapping[str, Any] | Penalty | None = "zero-centred",
        penalty_every: int = 4,
        clip: float | None = None,
        average: float = 0.999,
    ) -> None:
        self.discriminator_rate = discriminator_rate
        self.schedule = schedule
        self.discriminator_schedule = discriminator_schedule
        self.optimiser = optimiser
        self.betas = betas
        self.discriminator_steps = discriminator_steps
        self.penalty = penalty
        self.penalty_every = penalty_every
        self.clip = clip
        self.average = average
