"""The base of synthesizers that decode random codes into rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from lookalike._core.parameters import Number, Rule
from lookalike.encoding import Layout, Learned
from lookalike.models._generator import GeneratorSource
from lookalike.models._network_model import NetworkModel
from lookalike.models._task import FitTask
from lookalike.models._weights import taken
from lookalike.nn import Autoencoder, Decoder

__all__ = ["AutoencoderModel"]


class AutoencoderModel(NetworkModel):
    """Base class of synthesizers that decode standard normal codes; see `NetworkModel`.

    A subclass also has the parameter ``latent_size``, and implements `_task_of`, whose model is an
    `Autoencoder`.
    """

    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        **NetworkModel._rules,
        "latent_size": Number(1, 2**16, integer=True),
    }

    latent_size: int

    #: Added to the logits of levels, so that each is as frequent as it should be.
    _bias: np.ndarray

    def _fit(self, task: FitTask) -> None:
        self._bias = np.zeros(
            sum(b.width for b in task.layout.blocks if b.head == "softmax"), np.float32
        )
        super()._fit(task)

    def _calibrate(self, task: FitTask) -> None:
        self._bias = self._sampler(self._model).calibrated(task.rows, task.seed).bias

    def _sampler(self, model: Autoencoder) -> GeneratorSource:
        plan, decoder = model.plan, Decoder(model, self._marginals)
        inputs = model.latent_size + plan.number_width
        return GeneratorSource(plan, decoder, self._bias, inputs, self.BLOCK)

    def _state(self) -> Learned:
        state = super()._state()
        return Learned(state.values, {**state.arrays, "bias": self._bias})

    def _restore(self, state: Learned, layout: Layout) -> None:
        super()._restore(state, layout)
        plan = self._model.plan
        self._bias = taken(state, "bias", (plan.width - plan.number_width,))
