"""The adversarial autoencoder: its codes are made normal by a discriminator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lookalike._core.seeds import RandomState
from lookalike.encoding import SampledRows
from lookalike.models._autoencoder_model import AutoencoderModel
from lookalike.models._task import FitTask
from lookalike.nn import Architecture, Autoencoder, Marginals, Plan
from lookalike.refine import HoldOut, Refine
from lookalike.training import AdversarialCodesTask, AveragedTask, EarlyStopping

__all__ = ["AdversarialAutoencoder"]


class AdversarialAutoencoder(AutoencoderModel):
    """Adversarial autoencoder: a decoder of codes that a discriminator takes for normal ones.

    An encoder turns each row into a code, and a decoder gives the distribution of the row given its
    code, as in `VAE`. Unlike there, it is not the code of each row but the codes of all rows
    together that are made standard normal: by a discriminator that tells them from normal ones, as
    in a GAN, against which the encoder learns (Makhzani et al. 2016, arXiv 1511.05644). Rows are
    decoded from random codes by the moving average of the decoder's weights. The kept state is that
    whose rows are least told from held-out rows.

    Conditions are met by selecting from ordinary rows.

    Parameters
    ----------
    steps : int or None
        The maximum number of training steps; None takes 4,000, and fewer for tables of fewer than
        10,000 rows.
    latent_size : int
        The length of a code.
    batch_size : int
        The number of rows in each training step.
    width : int
        The number of units in each hidden layer of the three networks.
    depth : int
        The number of residual layers of each after the first layer.
    learning_rate : float
        The peak learning rate.
    held_out : float or None
        The share of rows held out for validation: they select the best state and stop training
        early. None holds out 10 % (at most 4,000 rows) of tables of more than 1,000 rows; 15 % of
        tables of 200 to 1,000 rows, after which the model is retrained on all rows for the best
        number of steps; and nothing of smaller ones.
    refine : Refine, mapping or None
        Calibration and correction of the generated rows after training, such as
        ``Refine(correct=False)``; None for the defaults.
    derive : bool
        Whether columns that are functions of others are computed from them instead of learned.
    min_category_count : int
        The minimum number of rows that must share a category, a number or a part of an identifier
        for the model to store it.
    text_placeholder : str or None
        The text that fills columns of free text; None leaves them missing.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.
    random_state : int, Generator, RandomState or None
        The seed of training, and the default seed of sampling.

    Attributes
    ----------
    schema_ : Schema
        The kinds of the training table's columns and the relations between them.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    history_ : History
        The losses and events of training.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.models import AdversarialAutoencoder
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 8, "c": ["a", "b", "a", "a"] * 8})
    >>> AdversarialAutoencoder(steps=4, width=8, random_state=0).fit(table).sample(3).column_names
    ['x', 'c']
    """

    COST: ClassVar[float] = 16.0
    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "latent_size": (8, 16, 32, 64),
        "width": (128, 256, 512),
        "learning_rate": (0.001, 0.002, 0.004),
    }

    def __init__(
        self,
        *,
        steps: int | None = None,
        latent_size: int = 32,
        batch_size: int = 256,
        width: int = 256,
        depth: int = 1,
        learning_rate: float = 2e-3,
        held_out: float | None = None,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        progress: bool | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.steps = steps
        self.latent_size = latent_size
        self.batch_size = batch_size
        self.width = width
        self.depth = depth
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.refine = refine
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.progress = progress
        self.random_state = random_state

    def _task_of(
        self,
        plan: Plan,
        architecture: Architecture,
        marginals: Marginals,
        steps: int,  # noqa: ARG002 - its losses are the same at every step
    ) -> AdversarialCodesTask:
        return AdversarialCodesTask(
            plan, architecture, self.batch_size, self.latent_size, marginals
        )

    def _early_stopping(
        self,
        learning: AveragedTask,  # noqa: ARG002 - its losses do not say how good rows are
        task: FitTask,
        split: HoldOut,
    ) -> EarlyStopping | None:
        """Return the early stopping by rows that are compared with those held out."""

        def make(model: Autoencoder) -> SampledRows:
            return self._sampler(model).block(task.seed, 0)

        return split.early_stopping(task.layout, make, task.seed)
