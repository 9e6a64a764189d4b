"""What three defects in the thesis's published code do, switched on one at a time.

Usage::

    python examples/leitner_2021/defects.py --titanic titanic.csv

1. Labels that the generator makes are cut at 0 (below 0 is class 0, the rest class 1), although it
   learned them as 0 and 1: nearly every synthetic row gets class 1.
2. The weight that interpolates real and generated rows for the gradient penalty has the shape
   (rows, 1, 1, 1), as for images. Against rows of shape (rows, columns) it makes a tensor in which
   every weight meets every row, and the norm of a slope is taken over all rows together.
3. Scalers are fitted again on the held-out rows.

None of them is in the package. Here, they are built around it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pyarrow as pa
import thesis
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import lookalike as la
from lookalike.experiments import Verdict
from lookalike.nn import penalties
from lookalike.nn.penalties import Interpolated

PRESET = "leitner-wgan-gp"
#: Four of his models, those that are fitted quickly.
MODELS: dict[str, Any] = {
    "logistic regression": LogisticRegression(solver="liblinear"),
    "decision tree": DecisionTreeClassifier(random_state=0),
    "3 nearest neighbours": KNeighborsClassifier(3),
    "Gaussian naive Bayes": GaussianNB(),
}


# --- labels ---------------------------------------------------------------------------------------


class Broadcasting(la.GAN):
    """Know the penalty of the second defect by name, in whatever process it is trained."""

    def fit(self, data: pa.Table, **more: Any) -> Self:
        """Enter the penalty, and learn rows."""
        penalties.PENALTIES["broadcast"] = Broadcast
        return super().fit(data, **more)


class NumberLabels(Broadcasting):
    """Learn the classes as the numbers 0 and 1, and cut what is made at one half."""

    cut: ClassVar[float] = 0.5

    @classmethod
    def preset(cls, name: str, **parameters: Any) -> Self:
        """Return a preset that makes the class as a number."""
        model = super().preset(name, **parameters)
        # By a linear output, which can leave [0, 1]; tanh cannot.
        return model.set_params(encodings={**model.encodings, thesis.TARGET: "standard"})

    def fit(self, data: pa.Table, *, target: str, kinds: Mapping[str, Any], **more: Any) -> Self:
        """Learn rows whose class is a number."""
        levels = data[target].unique().sort()
        # A little noise, for numbers of two values would be taken for levels again.
        noise = np.random.default_rng(0).uniform(0, 1e-3, len(data))
        numbers = np.searchsorted(levels, data[target]) + noise
        place = data.column_names.index(target)
        kinds = {**kinds, target: "continuous"}
        super().fit(data.set_column(place, target, pa.array(numbers)), kinds=kinds, **more)
        self._target, self._levels, self._lowest = target, levels, float(numbers.min())
        return self

    def sample(self, n: int, **more: Any) -> pa.Table:
        """Make rows, and classes of their numbers."""
        made = super().sample(n, **more)
        # Numbers keep to the range of what was learned: one that is below 0 comes as the lowest.
        numbers = made[self._target].to_numpy()
        codes = (numbers > max(self.cut, self._lowest)).astype(np.int64)
        place = made.column_names.index(self._target)
        return made.set_column(place, self._target, self._levels.take(pa.array(codes)))


class LabelsCutAtZero(NumberLabels):
    """Defect 1: what is not below 0 is of class 1."""

    cut: ClassVar[float] = 0.0


# --- the penalty ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Broadcast(Interpolated):
    """Defect 2: an interpolation weight in the shape of images."""

    name: ClassVar[str] = "broadcast"

    def __call__(self, logits: Any, real: jax.Array, fake: jax.Array, key: jax.Array) -> jax.Array:
        """Return λ E (‖∇D(x̂)‖ − 1)², the norm over all rows that one weight meets."""
        share = jax.random.uniform(key, (len(real), 1, 1, 1), real.dtype)
        between = share * real + (1 - share) * fake  # (rows, 1, rows, columns)
        rows = between.reshape(-1, real.shape[1])
        slopes = jax.grad(lambda x: jnp.sum(logits(x)))(rows).reshape(between.shape)
        norms = jnp.sqrt(jnp.sum(slopes**2, axis=(1, 2, 3)) + 1e-12)
        return self.weight * jnp.mean((norms - 1) ** 2)


# --- scalers --------------------------------------------------------------------------------------


class RescaledByItself(ClassifierMixin, BaseEstimator):
    """Defect 3: a model whose inputs are scaled by the rows that it is asked about.

    Parameters
    ----------
    model : estimator
        What is fitted.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Scale the training rows, and learn them."""
        self.classes_ = np.unique(y)
        self.numbers_ = np.flatnonzero([len(np.unique(column)) > 2 for column in X.T])
        self.model_ = clone(self.model).fit(self._scaled(X), y)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Scale the held-out rows by themselves, and judge them."""
        return self.model_.predict_proba(self._scaled(X))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        scaled = X.copy()
        if len(self.numbers_):
            scaled[:, self.numbers_] = StandardScaler().fit_transform(X[:, self.numbers_])
        return scaled


# --- one at a time --------------------------------------------------------------------------------

#: What is switched on: the labels, the penalty, the scalers.
VARIANTS: dict[str, tuple[type[la.GAN], str, bool]] = {
    "none": (Broadcasting, "interpolated", False),
    "none, labels learned as numbers": (NumberLabels, "interpolated", False),
    "1: labels cut at 0": (LabelsCutAtZero, "interpolated", False),
    "2: penalty broadcast": (Broadcasting, "broadcast", False),
    "3: scalers fitted on held-out rows": (Broadcasting, "interpolated", True),
    "all three": (LabelsCutAtZero, "broadcast", True),
}


def main() -> None:
    """Try every variant on every table, and print a table of accuracies."""
    parser = thesis.arguments(__doc__)
    asked = parser.parse_args()
    penalties.PENALTIES["broadcast"] = Broadcast
    for name, frame in thesis.tables(asked).items():
        rows = []
        for variant in VARIANTS:
            rows.append([variant, *row(frame, variant, asked)])
        his = [np.mean(list(found.values())) for found in thesis.published(name)]
        rows.append(["thesis, one split, seven models", *(f"{value:.3f}" for value in his), "", ""])
        heads = [
            "defect",
            "real",
            "+20 %",
            "replaced",
            "replaced − real",
            "class 1 among synthetic",
        ]
        text = f"\n### {name}\n\n{thesis.markdown(heads, rows)}\n"
        text += f"\nClass 1 among real rows: {frame[thesis.TARGET].mean():.2f}."
        print(text, flush=True)
        (asked.out / f"defects-{name}.md").write_text(text, encoding="utf-8")


def row(frame: pd.DataFrame, variant: str, asked: argparse.Namespace) -> list[str]:
    """Return the mean accuracies of a variant, and its share of class 1."""
    gan, penalty, rescaled = VARIANTS[variant]
    changes = {"penalty": {"name": penalty, "weight": 10.0}, **thesis.epochs(asked)}
    synthesizer = gan.preset(PRESET, **thesis.AS_IT_IS, **changes)
    verdict = study(frame, synthesizer, rescaled, asked)
    scores = {r.arm: r.scores["accuracy"] for r in verdict.table}
    replaced = next(r.real for r in verdict.table if r.arm == "replaced")
    cells = [scores[arm] for arm in ("real", "boosted", "replaced")]
    ones = share_of_ones(frame, synthesizer)
    return [*("–" if c is None else f"{c:.3f}" for c in cells), replaced.interval, f"{ones:.2f}"]


def study(
    frame: pd.DataFrame, synthesizer: la.GAN, rescaled: bool, asked: argparse.Namespace
) -> Verdict:
    """Boost and replace with a variant; the controls are left out."""
    models = {n: RescaledByItself(m) if rescaled else m for n, m in MODELS.items()}
    return la.boost(
        frame,
        thesis.TARGET,
        synthesizer=synthesizer,
        factors=[0.2],
        replace=True,
        controls=False,
        models=models,
        metrics=["accuracy"],
        repeats=asked.repeats,
        n_jobs=asked.jobs,
        records=asked.out / "defects.sqlite",
        progress=True,
    )


def share_of_ones(frame: pd.DataFrame, synthesizer: la.GAN) -> float:
    """Return how many of the rows that a variant makes of the whole table are of class 1."""
    model = clone(synthesizer).set_params(random_state=0)
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    model.fit(rows, target=thesis.TARGET, kinds={thesis.TARGET: "categorical"})
    made = np.array(model.sample(len(frame))[thesis.TARGET].to_pylist())
    return float(np.mean(made.astype(int) == 1))


if __name__ == "__main__":
    main()
