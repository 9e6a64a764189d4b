"""From records to a verdict: comparisons, words that follow from numbers, one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from itertools import compress
from typing import Any

import numpy as np

from lookalike._core.errors import DataError
from lookalike._core.files import write_text
from lookalike.experiments._answer import (
    BATTERY,
    HARMS,
    HELPS,
    NO_EVIDENCE,
    answer,
    corrected_away,
    label,
    left_out,
    plain,
    signed,
    telling,
)
from lookalike.experiments._arms import Arm, Replaced
from lookalike.experiments._battery import NAIVE
from lookalike.experiments._metrics import LOWER_IS_BETTER
from lookalike.experiments._records import Record
from lookalike.experiments._statistics import LEVEL, Difference, holm, paired, repeats_needed

__all__ = ["BATTERY", "HARMS", "HELPS", "NO_EVIDENCE", "Comparison", "Row", "Verdict", "judge"]

_FORMAT = 2


@dataclass(frozen=True)
class Comparison:
    """One arm against another, over all splits.

    Parameters
    ----------
    arm : str
        An arm with synthetic rows, or a control.
    factor, share : float
        Rows added for each real one, and the share of the training rows that was kept.
    against : str
        The other arm: ``"real"``, or a control.
    model, metric : str
        What was measured; the model may be ``"all models"``.
    difference : float
        The mean over splits; positive where the arm is better, also where less is better.
    low, high : float or None
        Its 95 % interval.
    p, p_holm : float or None
        From the corrected resampled t-test, and adjusted for the number of arms.
    repeats : int
        How many splits were compared.
    repeats_needed : int or None
        How many it takes to see such an effect; None where no count does.
    word : str
        ``"helps"``, ``"harms"`` or ``"no evidence that it helps"``, against this other arm.
    models : tuple of str
        Whose values make the difference: those that both arms have in all compared splits.
    against_factor : float
        Rows added for each real one by the other arm; 0 where it has no such number.
    """

    arm: str
    factor: float
    share: float
    against: str
    model: str
    metric: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    repeats: int
    repeats_needed: int | None
    word: str
    models: tuple[str, ...] = ()
    against_factor: float = 0.0

    @property
    def label(self) -> str:
        """The arm with its factor and share, such as ``"boosted +20 %, 50 % kept"``."""
        return label(self.arm, self.factor, self.share)

    @property
    def opponent(self) -> str:
        """The other arm with its factor, such as ``"jitter +20 %"``."""
        return label(self.against, self.against_factor, 1.0)

    @property
    def interval(self) -> str:
        """The difference and its interval in words, such as ``"+0.01 (−0.02 to +0.04)"``."""
        if self.low is None or self.high is None:
            return f"{signed(self.difference)} (no interval)"
        return f"{signed(self.difference)} ({signed(self.low)} to {signed(self.high)})"


@dataclass(frozen=True)
class Row:
    """One arm at one share, over all models and splits.

    Parameters
    ----------
    arm : str
        What models were trained on.
    role : {"real", "synthetic", "control"}
        What the arm is in comparisons.
    factor, share : float
        Rows added for each real one, and the share of the training rows that was kept.
    scores : dict of str to float or None
        The mean of each metric.
    models : dict of str to float or None
        For each model, and the naive baseline, the mean of the headline metric.
    real : Comparison or None
        Against the real rows; None for these themselves.
    control : Comparison or None
        Against the best cheap control, for an arm with synthetic rows.
    word : str or None
        What both comparisons come to.
    """

    arm: str
    role: str
    factor: float
    share: float
    scores: dict[str, float | None]
    models: dict[str, float | None]
    real: Comparison | None = None
    control: Comparison | None = None
    word: str | None = None

    @property
    def label(self) -> str:
        """The arm with its factor and share, such as ``"boosted +20 %, 50 % kept"``."""
        return label(self.arm, self.factor, self.share)


@dataclass(frozen=True, repr=False)
class Verdict:
    """Whether synthetic rows help models on a table: what `boost` found.

    Parameters
    ----------
    answer : str
        One sentence, with the interval of the effect.
    metric : str
        The headline metric, on which the words rest.
    table : tuple of Row
        One for each arm and share.
    statistics : tuple of Comparison
        Every comparison: of arms with synthetic rows, over all models and model by model for the
        headline metric, over all models for the others; of controls with real rows, over all
        models.
    records : tuple of Record
        Every number that was measured, or why there is none.
    facts : dict
        What was done, in plain values.
    notes : tuple of str
        What a reader should know: what was left out, and why.

    Examples
    --------
    >>> import lookalike as la
    >>> penguins = la.datasets.load("penguins")
    >>> found = la.boost(
    ...     penguins,
    ...     target="species",
    ...     synthesizer=la.Independent(),
    ...     models=["decision tree"],
    ...     repeats=2,
    ... )
    >>> [(row.arm, row.factor) for row in found.table if row.role != "control"]
    [('real', 0.0), ('boosted', 0.2)]
    """

    answer: str
    metric: str
    table: tuple[Row, ...]
    statistics: tuple[Comparison, ...]
    records: tuple[Record, ...]
    facts: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def outlook(self) -> str:
        """What hides the answer's effect, and how many splits show it; empty where it is seen."""
        row = telling(self.table)
        if row is None or row.word != NO_EVIDENCE:
            return ""
        return f"{corrected_away(row)} {self._needed(row)}".strip()

    def _needed(self, row: Row) -> str:
        unseen = [one for one in (row.real, row.control) if one and one.word == NO_EVIDENCE]
        if not unseen:
            return ""
        one = unseen[0]
        whom = "real rows" if one is row.real else f"the best cheap control ({one.opponent})"
        effect = f"a difference of {plain(abs(one.difference))} against {whom}"
        if one.repeats_needed is None:
            return f"No number of splits of this table would show {effect}."
        return (
            f"To see {effect} in four of five studies, it takes {one.repeats_needed:,} splits; "
            f"these were {one.repeats:,}."
        )

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the verdict as JSON, and write it to a file where one is given.

        Parameters
        ----------
        path : str or path-like, optional
            The file; it is whole or absent.

        Returns
        -------
        str
            ``{"answer": …, "metric": …, "table": […], "statistics": […], "records": […], …}``.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        values = {"format": _FORMAT, **asdict(self)}
        return _written(json.dumps(values, ensure_ascii=False, allow_nan=False, indent=1), path)

    @classmethod
    def from_json(cls, text: str) -> Verdict:
        """Make a verdict from what `to_json` gave.

        Parameters
        ----------
        text : str
            JSON text.

        Returns
        -------
        Verdict
            Equal to the one that was written.

        Raises
        ------
        DataError
            If the text is not a verdict, or is one of a later version.

        Examples
        --------
        >>> from lookalike.experiments import Verdict
        >>> none = Verdict("Nothing can be said.", "roc_auc", (), (), (), {}, ())
        >>> Verdict.from_json(none.to_json()) == none
        True
        """
        try:
            values = json.loads(text)
            if values["format"] > _FORMAT:
                raise DataError(
                    f"A verdict must be of format {_FORMAT} or less, this one is of format "
                    f"{values['format']}. Install a newer lookalike."
                )
            return cls(
                answer=values["answer"],
                metric=values["metric"],
                table=tuple(_row_from(row) for row in values["table"]),
                statistics=tuple(_comparison_from(one) for one in values["statistics"]),
                records=tuple(Record(**one) for one in values["records"]),
                facts=dict(values["facts"]),
                notes=tuple(values["notes"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"Not the JSON of a verdict: {error!r}.") from error

    def to_html(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        title: str = "Does synthetic data help?",
        date: str | None = None,
    ) -> str:
        """Return the verdict as one page, and write it to a file where one is given.

        Parameters
        ----------
        path : str or path-like, optional
            The file; it is whole or absent.
        title : str
            The page's heading.
        date : str, optional
            A date to print. There is none by default, so that the same verdict is the same page.

        Returns
        -------
        str
            HTML that refers to nothing outside of itself.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        # Reports stand above experiments, which work without them: found when they are asked for.
        page = import_module("lookalike.reports._verdict_page").verdict_page
        return _written(page(self, title, date), path)

    def __repr__(self) -> str:
        heads = ("trained on", self.metric, "against real rows", "best control", "against it", "")
        cells = [heads, *(self._cells(row) for row in self.table)]
        shown = [any(column[1:]) for column in zip(*cells, strict=True)]
        cells = [tuple(compress(line, shown)) for line in cells]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join(
                text.rjust(width) if place == 1 else text.ljust(width)
                for place, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in cells
        ]
        return "\n".join([f"{self.answer} {self.outlook}".strip(), "", *lines])

    def _cells(self, row: Row) -> tuple[str, ...]:
        score = row.scores[self.metric]
        return (
            row.label,
            "–" if score is None else f"{score:.4f}",
            "" if row.real is None else row.real.interval,
            "" if row.control is None else row.control.opponent,
            "" if row.control is None else row.control.interval,
            row.word or "",
        )


class _Board:
    """Values by arm, share, model, metric and split."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.values: dict[tuple[str, float, float, str], dict[str, dict[int, float]]] = {}
        self.ratios: dict[float, list[float]] = {}
        for one in records:
            self.ratios.setdefault(one.share, []).append(one.test_rows / one.train_rows)
            key = (one.arm, one.factor, one.share, one.metric)
            splits = self.values.setdefault(key, {}).setdefault(one.model, {})
            if one.value is not None:
                splits[one.split] = one.value

    def of(self, arm: Arm, share: float, metric: str) -> dict[str, dict[int, float]]:
        """Return the values of each model by split, the naive baseline aside."""
        models = self.values.get((arm.name, arm.factor, share, metric), {})
        return {name: splits for name, splits in models.items() if name != NAIVE}

    def means(self, arm: Arm, share: float, metric: str) -> dict[str, float | None]:
        """Return the mean of each model over splits, the naive baseline included."""
        models = self.values.get((arm.name, arm.factor, share, metric), {})
        return {name: _mean(splits.values()) for name, splits in models.items()}

    def score(self, arm: Arm, share: float, metric: str) -> float | None:
        """Return the mean over models and splits."""
        models = self.of(arm, share, metric).values()
        means = [_mean(_floored(metric, v) for v in splits.values()) for splits in models]
        return _mean(mean for mean in means if mean is not None)

    def differences(
        self, arm: Arm, other: Arm, share: float, metric: str, model: str
    ) -> tuple[Difference, tuple[str, ...]] | None:
        """Compare two arms: one model, or the mean over those that both arms have in all splits.

        Returns the difference, and the models.
        """
        mine, theirs = self.of(arm, share, metric), self.of(other, share, metric)
        common = {
            name: sorted(mine[name].keys() & theirs[name].keys())
            for name in mine.keys() & theirs.keys()
            if model in (BATTERY, name)
        }
        splits = sorted(set().union(*common.values()))
        whole = [name for name in sorted(common) if common[name] == splits]
        if not splits or not whole:
            return None
        sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
        floored = (lambda v: _floored(metric, v)) if model == BATTERY else (lambda v: v)
        found = [
            sign * float(np.mean([floored(mine[n][s]) - floored(theirs[n][s]) for n in whole]))
            for s in splits
        ]
        return paired(found, float(np.mean(self.ratios[share]))), tuple(whole)


def judge(
    records: Sequence[Record],
    arms: Sequence[Arm],
    shares: Sequence[float],
    metrics: Sequence[str],
    facts: Mapping[str, Any],
    notes: Sequence[str],
) -> Verdict:
    """Compare the arms of a study and say in words what follows.

    Parameters
    ----------
    records : sequence of Record
        All numbers of the study.
    arms : sequence of Arm
        What models were trained on; the first is the real one.
    shares : sequence of float
        The shares of training rows.
    metrics : sequence of str
        What was measured, the headline first.
    facts : mapping
        What was done.
    notes : sequence of str
        What was left out.

    Returns
    -------
    Verdict
        With Holm's correction over all arms with synthetic rows, factors and shares, for each
        model and metric and for each of the two sorts of opponents apart; and over all controls,
        where they are compared with real rows.
    """
    board = _Board(records)
    models = list(dict.fromkeys(one.model for one in records if one.model != NAIVE))
    statistics = _compared(board, arms, shares, metrics, models)
    table = tuple(_row(board, arm, share, metrics, statistics) for share in shares for arm in arms)
    return Verdict(
        answer=answer(table, metrics[0]),
        metric=metrics[0],
        table=table,
        statistics=tuple(statistics),
        records=tuple(records),
        facts=dict(facts),
        notes=(*notes, *left_out(statistics, metrics[0], models)),
    )


def _compared(
    board: _Board,
    arms: Sequence[Arm],
    shares: Sequence[float],
    metrics: Sequence[str],
    models: Sequence[str],
) -> list[Comparison]:
    """Compare synthetic rows with real ones and with controls, and controls with real rows."""
    places = {
        role: [(arm, share) for share in shares for arm in arms if arm.role == role]
        for role in ("synthetic", "control")
    }
    overall = [(metric, BATTERY) for metric in metrics]
    asked = overall + [(metrics[0], name) for name in models]

    def real(_arm: Arm, _share: float) -> Arm:
        return arms[0]

    def best(arm: Arm, share: float) -> Arm | None:
        return _best_control(board, arms, arm, share, metrics[0])

    found: list[Comparison] = []
    for role, questions, opponent in (
        ("synthetic", asked, real),
        ("synthetic", asked, best),
        ("control", overall, real),
    ):
        for metric, model in questions:
            found += _family(board, places[role], opponent, metric, model)
    return found


def _family(
    board: _Board,
    places: Sequence[tuple[Arm, float]],
    opponent: Callable[[Arm, float], Arm | None],
    metric: str,
    model: str,
) -> list[Comparison]:
    """Return the comparisons that share one correction of Holm's."""
    family = []
    for arm, share in places:
        other = opponent(arm, share)
        found = other and board.differences(arm, other, share, metric, model)
        if other and found:
            family.append(_comparison(arm, other, share, metric, model, *found))
    return _adjusted(family)


def _best_control(
    board: _Board, arms: Sequence[Arm], arm: Arm, share: float, metric: str
) -> Arm | None:
    """Return the control that scores best: of the same factor or of none, or of any factor.

    Synthetic rows alone are added to nothing, so that no factor is more like them than another.
    """
    controls = [one for one in arms if one.role == "control"]
    alone = isinstance(arm, Replaced)
    matching = [one for one in controls if alone or one.factor in (0, arm.factor)]
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    scored = [(board.score(one, share, metric), one) for one in matching]
    known = [(sign * score, one) for score, one in scored if score is not None]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def _comparison(
    arm: Arm,
    other: Arm,
    share: float,
    metric: str,
    model: str,
    found: Difference,
    models: tuple[str, ...],
) -> Comparison:
    return Comparison(
        arm=arm.name,
        factor=arm.factor,
        share=share,
        against=other.name,
        model=model,
        metric=metric,
        difference=found.mean,
        low=found.low,
        high=found.high,
        p=found.p,
        p_holm=None,
        repeats=found.repeats,
        repeats_needed=repeats_needed(found),
        word=NO_EVIDENCE,
        models=models,
        against_factor=other.factor,
    )


def _adjusted(family: list[Comparison]) -> list[Comparison]:
    adjusted = holm([one.p for one in family])
    return [
        replace(one, p_holm=p, word=_word(one.difference, p))
        for one, p in zip(family, adjusted, strict=True)
    ]


def _word(difference: float, p: float | None) -> str:
    if p is None or p >= LEVEL:
        return NO_EVIDENCE
    return HELPS if difference > 0 else HARMS


def _row(
    board: _Board, arm: Arm, share: float, metrics: Sequence[str], statistics: list[Comparison]
) -> Row:
    row = Row(
        arm=arm.name,
        role=arm.role,
        factor=arm.factor,
        share=share,
        scores={metric: board.score(arm, share, metric) for metric in metrics},
        models=board.means(arm, share, metrics[0]),
    )
    mine = [
        one
        for one in statistics
        if (one.arm, one.factor, one.share) == (arm.name, arm.factor, share)
        and (one.model, one.metric) == (BATTERY, metrics[0])
    ]
    real = next((one for one in mine if one.against == "real"), None)
    control = next((one for one in mine if one.against != "real"), None)
    word = _both(real, control) if arm.role == "synthetic" else None
    return replace(row, real=real, control=control, word=word)


def _both(real: Comparison | None, control: Comparison | None) -> str:
    """Return what two comparisons come to: help must show against both, harm against real rows."""
    if real is None or real.word == NO_EVIDENCE:
        return NO_EVIDENCE
    if real.word == HELPS and control is not None and control.word != HELPS:
        return NO_EVIDENCE
    return real.word


def _comparison_from(values: Mapping[str, Any]) -> Comparison:
    """Make a comparison from its plain values."""
    return Comparison(**{**values, "models": tuple(values.get("models", ()))})


def _row_from(values: Mapping[str, Any]) -> Row:
    """Make a row from its plain values."""
    pairs = {
        name: None if values[name] is None else _comparison_from(values[name])
        for name in ("real", "control")
    }
    return Row(**{**values, **pairs})


def _written(text: str, path: str | os.PathLike[str] | None) -> str:
    if path is not None:
        write_text(text, path)
    return text


def _floored(metric: str, value: float) -> float:
    """Return a value as it counts in a mean over models: R² below 0 counts as 0."""
    return max(value, 0.0) if metric == "r2" else value


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return float(np.mean(found)) if found else None
