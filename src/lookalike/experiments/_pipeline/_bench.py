"""One split of a pipeline: its rows, its generator, and the predictions of models trained on it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from lookalike._core.errors import (
    DataError,
    LookalikeError,
    LookalikeWarning,
    ModelFileError,
    ParameterError,
    TrainingError,
)
from lookalike._core.seeds import derive_seed, generator
from lookalike._core.workers import on_one_core
from lookalike.experiments._arms import TrainingSet, joined
from lookalike.experiments._battery import failure
from lookalike.experiments._fitting import fit_whole
from lookalike.experiments._identity import digest, identity, table_digest
from lookalike.experiments._pipeline._matched import matched_rows
from lookalike.experiments._pipeline._mix import MixPart, TrainingMix
from lookalike.experiments._pipeline._predictor import Predictor
from lookalike.experiments._pipeline._store import StepArrays, StepStore, arrays_digest
from lookalike.experiments._splits import Split
from lookalike.experiments._study import training_set, versions
from lookalike.experiments._study_spec import StudySpec
from lookalike.metrics import Codebook, View
from lookalike.models import Synthesizer, load
from lookalike.tables import conform, fulfilled, parse_conditions, to_arrow

__all__ = ["GeneratedPart", "PipelineStudy", "SplitBench", "UnmadeRows"]

#: Rows of which a model's digest is made.
_SHOWN = 256
#: Rows as they come, for each one that is chosen so that columns match.
_POOL = 4


class UnmadeRows(Exception):
    """The reason why rows cannot be generated, or a model cannot be trained on them."""


@dataclass(frozen=True)
class PipelineStudy:
    """The inputs on which all numbers of a pipeline depend, and the store of its steps.

    Parameters
    ----------
    spec : StudySpec
        The rows of development: all but those of the report.
    synthesizer : Synthesizer or None
        Unfitted: fitted to the training rows of each split.
    world : object or None
        A fitted model that made the rows, and makes more; in the place of `synthesizer`.
    preprocess : tuple of estimator
        Transformers and samplers.
    estimator : estimator
        Unfitted.
    metric : str
        The metric that is to become better.
    seed : int
        The seed of everything.
    store : StepStore
        The steps that were done.
    from_file : bool
        Whether the rows were read from a file.
    """

    spec: StudySpec
    synthesizer: Synthesizer | None
    world: Any
    preprocess: tuple[Any, ...]
    estimator: Any
    metric: str
    seed: int
    store: StepStore
    from_file: bool = False

    @property
    def binary(self) -> bool:
        """True if the target has two classes."""
        return self.spec.classes and len(np.unique(self.spec.strata)) == 2

    @cached_property
    def settings(self) -> dict[str, str]:
        """Digests of the generator, and of preprocessing and estimator, with all else they need."""
        kinds = [(column.name, str(column.kind)) for column in self.spec.schema.columns]
        known = (self.spec.target, kinds, self.spec.library, self.seed, list(versions().items()))
        maker = self.world if self.synthesizer is None else self.synthesizer
        made = identity(maker)
        if self.synthesizer is not None:
            made = identity(clone(self.synthesizer).set_params(random_state=None))
        return {
            "generator": digest(made, known),
            "model": digest(identity(list(self.preprocess)), identity(self.estimator), known),
        }


@dataclass(frozen=True)
class GeneratedPart:
    """Synthetic rows of one part, as a table and encoded."""

    table: pa.Table
    rows: TrainingSet


class SplitBench:
    """The training and validation rows of one split, and everything learned from the former.

    Parameters
    ----------
    study : PipelineStudy
        The study.
    split : Split
        Training and validation rows.
    """

    def __init__(self, study: PipelineStudy, split: Split) -> None:
        self.study, self.split = study, split
        spec = study.spec
        self.train = spec.table.take(pa.array(split.train))
        self.key = table_digest(self.train)
        self.book = Codebook(self.train, spec.schema)
        self.real = training_set(self.train, self.book, spec.target)
        self.predictor = Predictor(
            study.estimator,
            study.preprocess,
            self.book,
            spec.target,
            spec.library,
            derive_seed(study.seed, "models", split.number),
        )
        self._parts: dict[str, GeneratedPart] = {}

    @property
    def real_view(self) -> View:
        """The training rows as levels."""
        return View(self.train, self.book, 0)

    def validated(self, mix: TrainingMix, *, copies: bool = False) -> StepArrays:
        """Return predictions for the validation rows by a model trained on a mix.

        Parameters
        ----------
        mix : TrainingMix
            The training rows.
        copies : bool
            Whether copies of real rows, of the same conditions, take the place of synthetic ones.

        Raises
        ------
        UnmadeRows
            If rows cannot be generated, or the model cannot be trained on them.
        """
        held = self.study.spec.table.take(pa.array(self.split.test))
        return self._predictions("evaluate", mix, held, copies)

    def reported(self, mix: TrainingMix, held: pa.Table, *, copies: bool = False) -> StepArrays:
        """Return predictions for the report rows; as `validated`."""
        return self._predictions("report", mix, held, copies)

    def count(self, part: MixPart) -> int:
        """Return the number of rows of a part."""
        return round(part.factor * len(self.train))

    def generated(self, part: MixPart) -> GeneratedPart:
        """Return the synthetic rows of a part.

        Raises
        ------
        UnmadeRows
            If the model cannot make them.
        """
        if part.key not in self._parts:
            try:
                table = self._sampled(part)
            except (TrainingError, DataError, ParameterError) as error:
                reason = " ".join(str(error).split())
                raise UnmadeRows(f"The rows cannot be generated: {reason}") from error
            rows = training_set(table, self.book, self.study.spec.target)
            self._parts[part.key] = GeneratedPart(table, rows)
        return self._parts[part.key]

    # --- steps ------------------------------------------------------------------------------------

    def _predictions(self, step: str, mix: TrainingMix, held: pa.Table, copies: bool) -> StepArrays:
        # Splits by few groups may have the same rows, but have other seeds.
        inputs = {"train": self.key, "mix": digest(mix.key, copies), "judged": table_digest(held)}
        inputs["split"] = str(self.split.number)
        facts = {"split": self.split.number, "mix": mix.words, "copies": copies}

        def make() -> StepArrays:
            rows = self._copied(mix) if copies else self._mixed(mix)
            asked = training_set(held, self.book, self.study.spec.target)
            return self._tried(rows, asked)

        settings = self.study.settings
        with on_one_core(), warnings.catch_warnings():
            # Linear models stop after a fixed number of steps, converged or not; rare conditions
            # are judged by what models learn from their rows.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", LookalikeWarning)
            return self.study.store.once(
                step,
                {**inputs, **(settings if mix.parts else {"model": settings["model"]})},
                make,
                facts,
            )

    def _tried(self, rows: TrainingSet, asked: TrainingSet) -> StepArrays:
        try:
            prepared = self.predictor.prepare(rows)
            self.study.store.note(
                "preprocess",
                {
                    "rows": _digest_of(rows),
                    "model": self.study.settings["model"],
                    "split": str(self.split.number),
                },
                prepared.digest,
                {"split": self.split.number, "rows": len(prepared.target)},
            )
            return self.predictor.predict(prepared, asked)
        except LookalikeError:
            raise
        except Exception as error:  # an estimator of the caller may raise anything
            raise UnmadeRows(failure("model", error)) from error

    def _mixed(self, mix: TrainingMix) -> TrainingSet:
        """Return the training rows of a mix, the real ones first."""
        sets = [self.real] if mix.real else []
        sets += [self.generated(part).rows for part in mix.parts]
        whole = sets[0]
        for more in sets[1:]:
            whole = joined(whole, more)
        return whole

    def _copied(self, mix: TrainingMix) -> TrainingSet:
        """Return the real rows, and copies of those that fulfil the conditions of each part."""
        whole = self.real
        for part in mix.parts:
            conditions = parse_conditions(dict(part.given), self.study.spec.schema)
            rows = np.flatnonzero(fulfilled(conditions, self.train))
            if not len(rows):
                raise UnmadeRows("No real row fulfils the conditions.")
            order = self._draw("copies", part.key).permutation(rows)
            places = order[np.arange(self.count(part)) % len(rows)]
            copied = TrainingSet(self.real.inputs[places], self.real.target[places])
            whole = joined(whole, copied)
        return whole

    def _sampled(self, part: MixPart) -> pa.Table:
        """Generate the rows of a part, and record the step."""
        count = self.count(part)
        drawn = _POOL * count if part.matched else count
        model, seed = self._model, int(self._draw("part", part.key).integers(2**63))
        made = model.sample(drawn, given=dict(part.given) or None, random_state=seed)
        table, _ = to_arrow(made)
        schema = self.study.spec.schema
        table = table.select(schema.names)
        if self.study.world is not None:
            table = conform(table, schema)
        if part.matched:
            kept = matched_rows(
                self.real_view,
                View(table, self.book, 0),
                self.study.spec.target,
                part.matched,
                count,
                self._draw("matched", part.key),
            )
            table = table.take(pa.array(kept))
        self.study.store.note(
            "generate",
            {"model": self._model_key, "part": part.key},
            table_digest(table),
            {"split": self.split.number, "rows": table.num_rows, "part": part.words},
        )
        return table

    @cached_property
    def _model_key(self) -> str:
        return digest(self.key, self.study.settings["generator"], self.split.number)

    @cached_property
    def _model(self) -> Any:
        """The generator: fitted to the training rows, or the given one."""
        if self.study.synthesizer is None:
            return self.study.world
        model = self._loaded()
        if model is None:
            model = clone(self.study.synthesizer)
            model.set_params(random_state=int(self._draw("synthesizer").integers(2**63)))
            kinds = {column.name: column.kind for column in self.study.spec.schema.columns}
            fit_whole(model, self.train, kinds, self.study.spec.target)
            self._save(model)
        shown, _ = to_arrow(model.sample(_SHOWN))
        self.study.store.note(
            "fit",
            {
                "train": self.key,
                "generator": self.study.settings["generator"],
                "split": str(self.split.number),
            },
            table_digest(shown),
            {"split": self.split.number, "rows": self.train.num_rows},
        )
        return model

    def _loaded(self) -> Synthesizer | None:
        folder = self.study.store.folder
        if folder is None or not (path := folder / f"{self._model_key}.lookalike").exists():
            return None
        try:
            own = [] if self.study.synthesizer is None else [type(self.study.synthesizer)]
            found: Synthesizer = load(path, synthesizers=own)
        except ModelFileError:
            return None  # damaged: it is fitted again
        return found

    def _save(self, model: Synthesizer) -> None:
        folder = self.study.store.folder
        if folder is None:
            return
        try:
            model.save(folder / f"{self._model_key}.lookalike")
        except ParameterError:
            return  # a file of this model would hold training rows: it is fitted again

    def _draw(self, *purpose: str) -> np.random.Generator:
        return generator(self.study.seed, "pipeline", *purpose, self.split.number)


def _digest_of(rows: TrainingSet) -> str:
    return arrays_digest({"inputs": rows.inputs, "target": rows.target})
