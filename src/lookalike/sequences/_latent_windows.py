"""Windows by a GAN that plays in the codes of an autoencoder: presets, and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from lookalike._core.bounds import whole
from lookalike._core.errors import ParameterError, nearest
from lookalike._core.parameters import Flag, Instance, Number, Rule, check_parameters
from lookalike._core.progress import progress
from lookalike._core.seeds import derive_seed, generator
from lookalike.encoding import EncodedRows, Learned
from lookalike.models.presets import Preset
from lookalike.training import History

__all__ = ["LATENT_PRESETS", "LatentWindows"]

#: Every preset of a game in codes by its name.
LATENT_PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "timegan",
            "Recurrent networks: an autoencoder, a supervisor of steps, and a game of codes",
            "Yoon, Jarrett and van der Schaar 2019, Time-series Generative Adversarial Networks",
            {
                "coding": {"cell": "gru", "widths": [24, 24, 24], "each_step": True},
                "game": {"cell": "gru", "widths": [24, 24, 24], "each_step": True},
                "code_size": 24,
                "supervised": True,
                "learning_rate": 1e-3,
                "batch_size": 128,
                "steps": 1_000,
            },
            "The paper trains each part for 10,000 steps or more: here 1,000, for a processor. Its "
            "scaling to the range of a number is ours to mean 0 and spread 1. All networks learn "
            "in a step, once each.",
        ),
        Preset(
            "autoencoder-gan",
            "Dense networks: an autoencoder of whole windows, and a game of their codes",
            "Can GANs generate realistic numeric data?, 2025",
            {
                "coding": {"widths": [128, 128], "activation": "silu"},
                "game": {"widths": [128, 128], "activation": "silu"},
                "code_size": 1,
                "supervised": False,
                "learning_rate": 1e-3,
                "batch_size": 128,
                "steps": 2_000,
            },
            "The document names an autoencoder with a GAN and gives no layers: two dense ones of "
            "128 units for each network, one number of a code for each step, and the losses of "
            "'timegan' without its supervisor are chosen.",
        ),
    )
}
_RULES: dict[str, Rule] = {
    "coding": Instance((Mapping,), "a mapping of the layers of encoder and decoder"),
    "game": Instance((Mapping,), "a mapping of the layers of the other networks"),
    "code_size": Number(1, 2**12, integer=True),
    "supervised": Flag(),
    "learning_rate": Number(0, open_low=True),
    "batch_size": Number(1, 2**20, integer=True),
    "steps": Number(1, 2**30, integer=True),
}
_LEAST_SPREAD = 1e-6
_ROWS_OF_HISTORY = 60


@dataclass(frozen=True)
class LatentWindows:
    """Windows that a decoder makes of codes, which a generator has learned to draw.

    Parameters
    ----------
    networks : LatentNetworks
    parameters : mapping
        Those of the preset, with the caller's.
    centre, spread : ndarray, shape (channels,)
        The mean and standard deviation of each channel of the training windows.
    window : int
    record : History
    """

    networks: Any
    parameters: Mapping[str, Any]
    centre: Float[np.ndarray, " channels"]
    spread: Float[np.ndarray, " channels"]
    window: int
    record: History

    @classmethod
    def fit(
        cls,
        windows: Float[np.ndarray, "n window channels"],
        preset: Preset,
        seed: int,
        others: Mapping[str, Any],
        *,
        show: bool | None = False,
    ) -> LatentWindows:
        """Train the networks of a preset.

        Parameters
        ----------
        windows : ndarray, shape (n, window, channels)
        preset : Preset
        seed : int
        others : mapping
            Parameters that replace those of the preset.
        show : bool
            Whether the progress is shown.
        """
        from lookalike.training import (  # noqa: PLC0415 - JAX is for those who train networks
            Data,
            TrainingPlan,
            keep_compiled_programs,
            make_room_for_programs,
            train,
        )
        from lookalike.training.strategies import Constant  # noqa: PLC0415

        parameters = _checked({**preset.parameters, **others})
        _, window, channels = windows.shape
        task = _task(parameters, window, channels)
        centre, spread = windows.mean(axis=(0, 1)), windows.std(axis=(0, 1))
        spread = np.maximum(spread, _LEAST_SPREAD)
        flat = ((windows - centre) / spread).reshape(len(windows), -1).astype(np.float32)
        rows = EncodedRows(flat, np.zeros((len(flat), 0), np.int32))
        keep_compiled_programs()
        make_room_for_programs()
        plan = TrainingPlan(
            steps=task.whole,
            interval=-(-task.whole // _ROWS_OF_HISTORY),
            rates={"network": parameters["learning_rate"]},
            strategies={"network": Constant()},
        )
        with progress("training", plan.end, show=show) as report:
            result = train(
                task,
                Data.of(rows),
                seed,
                plan,
                report=lambda step, measures: report(step, _shown(measures)),
            )
        return cls(result.model, parameters, centre, spread, window, result.history)

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
        n, channels = len(calendar), len(self.centre)
        task = _task(self.parameters, self.window, channels)
        rng = generator(derive_seed(seed, "windows"), "codes", block)
        made = task.draw(self.networks, rng.standard_normal((n, task.sizes.noise)))
        cells = made.astype(float).reshape(n, self.window, channels)
        numbers: Float[np.ndarray, "n window channels"] = cells * self.spread + self.centre
        return numbers

    @property
    def history(self) -> History:
        """The record of the training."""
        return self.record

    def state(self) -> Learned:
        """Return the model as plain values and arrays."""
        from lookalike.models import leaves_of  # noqa: PLC0415 - see `fit`

        arrays = {"centre": self.centre, "spread": self.spread}
        values = {"parameters": dict(self.parameters), "history": self.record.to_dict()}
        return Learned(values, {**arrays, **leaves_of(self.networks, "networks")})

    @classmethod
    def from_state(cls, state: Learned, window: int, channels: int) -> Self:
        """Restore the model from its `state`; errors of damaged values where it is damaged."""
        from lookalike.models import stored  # noqa: PLC0415 - see `fit`

        parameters = _checked(state.values["parameters"])
        whole(window * channels * parameters["code_size"], 1, 2**24, "the codes of a window")
        task = _task(parameters, window, channels)
        networks = stored(lambda: task.model(task.begin(0)), state, "networks")
        scales = [np.asarray(state.arrays[name], float) for name in ("centre", "spread")]
        if any(s.shape != (channels,) or not np.isfinite(s).all() for s in scales):
            raise ValueError("the scales of windows are not those of their channels")
        record = History.from_dict(state.values["history"])
        return cls(networks, parameters, scales[0], scales[1], window, record)


def _checked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a game after checking them."""
    unknown = [name for name in parameters if name not in _RULES]
    if unknown:
        raise ParameterError(
            f"training= of a game in codes holds {', '.join(_RULES)}; got {unknown[0]!r}."
            f"{nearest(unknown[0], list(_RULES))}"
        )
    check_parameters("training", _RULES, parameters)
    return dict(parameters)


def _task(parameters: Mapping[str, Any], window: int, channels: int) -> Any:
    """Return the training of the networks of windows."""
    from lookalike.nn import LatentSizes, architecture_of  # noqa: PLC0415 - see `LatentWindows.fit`
    from lookalike.training import LatentGameTask  # noqa: PLC0415

    def layers(given: Mapping[str, Any]) -> Any:
        return architecture_of({"steps": window, **given} if "cell" in given else given)

    size = parameters["code_size"]
    return LatentGameTask(
        layers(parameters["coding"]),
        layers(parameters["game"]),
        LatentSizes(window * channels, window * size, window * channels),
        parameters["steps"],
        parameters["batch_size"],
        size if parameters["supervised"] else 0,
    )


def _shown(measures: Mapping[str, float]) -> dict[str, float]:
    """Return the measures of an interval for the progress line, under their short names."""
    return {name.removeprefix("loss_"): value for name, value in measures.items()}
