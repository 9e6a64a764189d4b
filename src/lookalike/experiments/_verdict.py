"""From records to a verdict: comparisons, words that follow from numbers, one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import compress
from typing import Any

import numpy as np

from lookalike._core.errors import DataError
from lookalike._core.files import write_text
from lookalike._core.pages import page_of
from lookalike.experiments._answer import corrected_away, headline_row, left_out, summary_sentence
from lookalike.experiments._arms import Arm, Replaced
from lookalike.experiments._battery import NAIVE
from lookalike.experiments._comparison import BATTERY, NO_EVIDENCE, Comparison, Row, plain
from lookalike.experiments._metrics import LOWER_IS_BETTER
from lookalike.experiments._records import Record
from lookalike.experiments._statistics import Difference, holm, paired, repeats_needed

__all__ = ["Verdict", "build_verdict"]

_FORMAT = 3


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
        row = headline_row(self.table)
        if row is None or row.word != NO_EVIDENCE:
            return ""
        return f"{corrected_away(row)} {self._needed(row)}".strip()

    def _needed(self, row: Row) -> str:
        unseen = [one for one in (row.real, row.control) if one and not one.seen]
        if not unseen:
            return ""
        one = unseen[0]
        effect = f"a difference of {plain(abs(one.difference))} from {one.whom}"
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
        values["table"] = [row.to_dict() for row in self.table]
        values["statistics"] = [one.to_dict() for one in self.statistics]
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
                table=tuple(Row.from_dict(row) for row in values["table"]),
                statistics=tuple(Comparison.from_dict(one) for one in values["statistics"]),
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
        return page_of("verdict")(self, path, title=title, date=date)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of `as_table`."""
        opponents = ("against real rows", "best control", "against it")
        return ("trained on", self.metric, *opponents, "verdict")

    def as_table(self) -> list[tuple[str, ...]]:
        """Return a line for each arm, as text.

        Returns
        -------
        list of tuple of str
            The arm, its mean score, how it stands to real rows alone, the best cheap control, how
            it stands to that, and what synthetic rows do. A positive difference is better.
        """
        scores = [row.scores[self.metric] for row in self.table]
        return [
            (
                row.label,
                "–" if score is None else f"{score:.4f}",
                "" if row.real is None else row.real.found,
                "" if row.control is None else row.control.opponent,
                "" if row.control is None else row.control.found,
                row.word or "",
            )
            for row, score in zip(self.table, scores, strict=True)
        ]

    def __repr__(self) -> str:
        cells = [self.heads, *self.as_table()]
        # Columns of which every line is empty are left out.
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


class ScoreTable:
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


def build_verdict(
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
    scores = ScoreTable(records)
    models = list(dict.fromkeys(one.model for one in records if one.model != NAIVE))
    statistics = _compared(scores, arms, shares, metrics, models)
    table = tuple(_row(scores, arm, share, metrics, statistics) for share in shares for arm in arms)
    return Verdict(
        answer=summary_sentence(table, metrics[0]),
        metric=metrics[0],
        table=table,
        statistics=tuple(statistics),
        records=tuple(records),
        facts=dict(facts),
        notes=(*notes, *left_out(statistics, metrics[0], models)),
    )


def _compared(
    scores: ScoreTable,
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
        return _best_control(scores, arms, arm, share, metrics[0])

    found: list[Comparison] = []
    for role, questions, opponent in (
        ("synthetic", asked, real),
        ("synthetic", asked, best),
        ("control", overall, real),
    ):
        for metric, model in questions:
            found += _family(scores, places[role], opponent, metric, model)
    return found


def _family(
    scores: ScoreTable,
    places: Sequence[tuple[Arm, float]],
    opponent: Callable[[Arm, float], Arm | None],
    metric: str,
    model: str,
) -> list[Comparison]:
    """Return the comparisons that share one correction of Holm's."""
    family = []
    for arm, share in places:
        other = opponent(arm, share)
        found = other and scores.differences(arm, other, share, metric, model)
        if other and found:
            family.append(_comparison(arm, other, share, metric, model, *found))
    return _adjusted(family)


def _best_control(
    scores: ScoreTable, arms: Sequence[Arm], arm: Arm, share: float, metric: str
) -> Arm | None:
    """Return the control that scores best: of the same factor or of none, or of any factor.

    Synthetic rows alone are added to nothing, so that no factor is more like them than another.
    """
    controls = [one for one in arms if one.role == "control"]
    alone = isinstance(arm, Replaced)
    matching = [one for one in controls if alone or one.factor in (0, arm.factor)]
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    scored = [(scores.score(one, share, metric), one) for one in matching]
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
        models=models,
        against_factor=other.factor,
    )


def _adjusted(family: list[Comparison]) -> list[Comparison]:
    adjusted = holm([one.p for one in family])
    return [replace(one, p_holm=p) for one, p in zip(family, adjusted, strict=True)]


def _row(
    scores: ScoreTable, arm: Arm, share: float, metrics: Sequence[str], statistics: list[Comparison]
) -> Row:
    row = Row(
        arm=arm.name,
        role=arm.role,
        factor=arm.factor,
        share=share,
        scores={metric: scores.score(arm, share, metric) for metric in metrics},
        models=scores.means(arm, share, metrics[0]),
    )
    mine = [
        one
        for one in statistics
        if (one.arm, one.factor, one.share) == (arm.name, arm.factor, share)
        and (one.model, one.metric) == (BATTERY, metrics[0])
    ]
    real = next((one for one in mine if one.against == "real"), None)
    control = next((one for one in mine if one.against != "real"), None)
    return replace(row, real=real, control=control)


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
