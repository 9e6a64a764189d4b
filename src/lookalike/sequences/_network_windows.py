"""Windows by networks that read them step by step: presets, and the engine that trains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from lookalike._core.errors import ParameterError
from lookalike._core.seeds import derive_seed
from lookalike.encoding import Learned
from lookalike.models import ArchiveParts, Synthesizer, build, take_apart
from lookalike.models.presets import Preset
from lookalike.tables import Kind
from lookalike.training import History

__all__ = ["GAME_PRESETS", "NetworkWindows"]

#: The settings of a plain game, without the additions of the default GAN.
_PLAIN: dict[str, Any] = {
    "encodings": {"continuous": "standard"},
    "derive": False,
    "conditions": False,
    "correct": False,
    "calibrate": False,
    "held_out": 0.0,
}
#: Every preset of a `GAN` of windows by its name. Networks have as many steps as a window;
#: `latent_size` is that of one step.
GAME_PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "lstm",
            "Two layers of long short-term memory, the last state of which gives the window",
            "Can GANs generate realistic numeric data?, 2025",
            {
                **_PLAIN,
                "generator": {"cell": "lstm", "widths": [64, 32]},
                "discriminator": {"cell": "lstm", "widths": [64, 32]},
                "latent_size": 1,
                "objective": "non-saturating",
                "penalty": None,
                "average": 0.0,
                "schedule": "constant",
                "betas": (0.9, 0.999),
                "learning_rate": 1e-3,
                "batch_size": 64,
                "steps": 2_000,
            },
            "The document gives the generator's layers, 64 units at all steps, then 32 at the last "
            "one, then a dense layer of one number: here of all numbers of a window. It gives no "
            "discriminator, noise, rate, batch or length: the same layers, one random number a "
            "step, Adam's usual rate, 64 and 2,000 steps are chosen.",
        ),
        Preset(
            "attention",
            "Causal attention against a judge that also sees changes and the spectrum",
            "Vaswani et al. 2017, arXiv 1706.03762; the game is that of `GAN`",
            {
                **_PLAIN,
                "calibrate": True,
                "generator": {"cell": "attention", "widths": [64, 64], "each_step": True},
                "discriminator": {"cell": "attention", "widths": [64, 64], "views": True},
                "latent_size": 4,
                "learning_rate": 1e-3,
                "batch_size": 128,
                "steps": 2_000,
            },
            "One head, a dense layer after it; relativistic pairing and a zero-centred penalty.",
        ),
    )
}


@dataclass(frozen=True)
class NetworkWindows:
    """Windows that a trained `GAN` generates, each as one row of numbers.

    Parameters
    ----------
    gan : Synthesizer
        A `GAN`, fitted to a table with a column for each step and channel.
    window, channels : int
    """

    gan: Synthesizer
    window: int
    channels: int

    @classmethod
    def fit(
        cls,
        windows: Float[np.ndarray, "n window channels"],
        preset: Preset,
        seed: int,
        others: Mapping[str, Any],
        *,
        show: bool | None = False,
    ) -> NetworkWindows:
        """Train the networks of a preset.

        Parameters
        ----------
        windows : ndarray, shape (n, window, channels)
        preset : Preset
        seed : int
        others : mapping
            Further parameters of `GAN`.
        show : bool
            Whether the progress is shown.
        """
        from lookalike.models import GAN  # noqa: PLC0415 - JAX is for those who train networks

        _, window, channels = windows.shape
        flat = windows.reshape(len(windows), -1)
        names = _names(window, channels)
        table = pa.table([pa.array(column) for column in flat.T], names=names)
        parameters = dict(preset.parameters)
        for name in ("generator", "discriminator"):
            parameters[name] = {**parameters[name], "steps": window}
        parameters["latent_size"] = window * parameters["latent_size"]
        try:
            gan = GAN(random_state=seed, progress=show).set_params(**{**parameters, **others})
        except ValueError as error:  # scikit-learn's, for a name that is none
            raise ParameterError(f"training= holds parameters of GAN. {error}") from error
        gan.fit(table, kinds=dict.fromkeys(names, Kind.CONTINUOUS))
        return cls(gan, window, channels)

    def drawn(
        self, calendar: Float[np.ndarray, "n facts"], seed: int, block: int
    ) -> Float[np.ndarray, "n window channels"]:
        """Draw windows; networks do not know the calendar.

        Parameters
        ----------
        calendar : ndarray, shape (n, facts)
        seed, block : int
            The random numbers depend on these alone.
        """
        n = len(calendar)
        tables = self.gan._tables(n, None, None, derive_seed(seed, "windows"), block * n)
        table = pa.concat_tables(tables).select(_names(self.window, self.channels))
        cells = np.stack([column.to_numpy() for column in table.columns], axis=1)
        return cells.reshape(n, self.window, self.channels)

    @property
    def history(self) -> History:
        """The record of the training."""
        return self.gan.history_

    def state(self) -> Learned:
        """Return the model as plain values and arrays."""
        parts = take_apart(self.gan)
        return Learned({"manifest": parts.manifest, "encoding": parts.encoding}, dict(parts.arrays))

    @classmethod
    def from_state(cls, state: Learned, window: int, channels: int) -> Self:
        """Restore the model from its `state`; errors of damaged values where it is damaged."""
        values = state.values
        gan = build(ArchiveParts(values["manifest"], values["encoding"], dict(state.arrays)))
        if type(gan).__name__ != "GAN" or list(gan.schema_.names) != _names(window, channels):
            raise ValueError("the networks of windows are not those of their cells")
        return cls(gan, window, channels)


def _names(window: int, channels: int) -> list[str]:
    """Return the names of the columns of flattened windows, step by step."""
    return [f"{step}:{channel}" for step in range(window) for channel in range(channels)]
