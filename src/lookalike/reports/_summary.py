"""The contents of a report as plain values: all is computed before anything is drawn.

A `Summary` holds no real row, only counts, shares, curves and scores, and ten synthetic rows, so
that a report can be drawn again from its JSON, on another machine, without the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations, pairwise
from typing import Any

from lookalike._core.errors import DataError
from lookalike._core.plain import build, jsonable
from lookalike.metrics import ColumnShare
from lookalike.reports._course import Course, PairMatrix, TransitionTable
from lookalike.reports._pictures import ColumnStatistics, GridAxis, SampleRows, ShareGrid

__all__ = [
    "Associations",
    "Bar",
    "ColumnRow",
    "ColumnStatistics",
    "Course",
    "Curves",
    "Distances",
    "GridAxis",
    "Histogram",
    "Marginal",
    "Mark",
    "OriginRow",
    "PairRow",
    "SampleRows",
    "SequenceSummary",
    "ShareGrid",
    "Summary",
    "TransitionTable",
]


@dataclass(frozen=True)
class Bar:
    """Two shares of rows that stand side by side.

    Parameters
    ----------
    label : str
        The common property of the rows: a category, a value, "missing".
    real, synthetic : float
        Shares of all rows of each table, in [0, 1].
    role : str
        ``"level"``, ``"other"`` (the levels that are not shown), ``"missing"``, ``"value"`` (one
        value that many rows share) or ``"beyond"`` (numbers outside the histogram).
    """

    label: str
    real: float
    synthetic: float
    role: str = "level"


@dataclass(frozen=True)
class Histogram:
    """The numbers of a column, real and synthetic, over the same bins.

    Parameters
    ----------
    edges : tuple of float
        The limits of the bins, one more than there are bins.
    real, synthetic : tuple of float
        Shares of all rows of each table, one for each bin.
    axis : str
        The unit of the numbers: ``"number"``, ``"date"`` (days since 1970), ``"clock"`` (hours) or
        the unit of a duration.
    """

    edges: tuple[float, ...]
    real: tuple[float, ...]
    synthetic: tuple[float, ...]
    axis: str = "number"


@dataclass(frozen=True)
class Marginal:
    """The distribution of the values of one column.

    Parameters
    ----------
    column : str
        The column's name.
    bars : tuple of Bar
        Shares of levels, and of what stands beside a histogram.
    histogram : Histogram or None
        For numbers with more than a few distinct values.
    note : str
        The reason why something is not drawn, as a sentence; empty where everything is.
    """

    column: str
    bars: tuple[Bar, ...] = ()
    histogram: Histogram | None = None
    note: str = ""


@dataclass(frozen=True)
class Distances:
    """Rows by their distance to the nearest learned row, in bins.

    Parameters
    ----------
    shares : Marginal
        Of real rows that were not learned, and of synthetic rows.
    reference : {"held_out", "learned"}
        The real rows: those that were held out, or each learned row among the others.
    near : float
        The share of synthetic rows that lie as near as the nearest twentieth of these.
    usually : float
        The share of these that do, a twentieth or more.
    """

    shares: Marginal
    reference: str
    near: float
    usually: float


@dataclass(frozen=True)
class OriginRow:
    """The origin of the synthetic values of a column.

    Parameters
    ----------
    column : str
        Its name.
    word, words : str
        What the model says of it, as of its `value_origins`; empty without a model.
    repeated : float or None
        The share of synthetic cells whose value occurs in the learned column; None where all are
        missing.
    usual : float or None
        The same of held-out rows; None without them.
    """

    column: str
    word: str
    words: str
    repeated: float | None
    usual: float | None


@dataclass(frozen=True)
class PairRow:
    """Two columns together.

    Parameters
    ----------
    first, second : str
        Their names.
    scores : dict of str to (float or None)
        The pair's score in each metric of pairs.
    real, synthetic : float or None
        Their association in each table.
    """

    first: str
    second: str
    scores: dict[str, float | None]
    real: float | None
    synthetic: float | None

    def rank(self) -> tuple[float, float]:
        """Return a key that sorts the worst pair first: by trend, then by association."""
        known = self.real is not None and self.synthetic is not None
        gap = abs(self.real - self.synthetic) if known else 0.0  # type: ignore[operator]
        trend = self.scores.get("trend")
        return (2.0 if trend is None else trend, -gap)


@dataclass(frozen=True)
class Associations:
    """Associations of each two columns: square matrices, one row for each column.

    Two numbers: Pearson's correlation, in [-1, 1]. Two categories: Cramér's V, in [0, 1]. A number
    and a category: the correlation ratio, in [0, 1]. None where it is not defined.

    Parameters
    ----------
    columns : tuple of str
        The names.
    real, synthetic : tuple of tuple of (float or None)
        The two tables' matrices.
    scores : dict of str to tuple of tuple of (float or None)
        The scores of each pair, by metric.
    """

    columns: tuple[str, ...]
    real: PairMatrix
    synthetic: PairMatrix
    scores: dict[str, PairMatrix] = field(default_factory=dict)

    def pairs(self) -> list[PairRow]:
        """Return each two columns once, the worst first."""
        found = [self._pair(i, j) for i, j in combinations(range(len(self.columns)), 2)]
        return sorted(found, key=PairRow.rank)

    def _pair(self, first: int, second: int) -> PairRow:
        return PairRow(
            self.columns[first],
            self.columns[second],
            {name: matrix[first][second] for name, matrix in self.scores.items()},
            self.real[first][second],
            self.synthetic[first][second],
        )


@dataclass(frozen=True)
class ColumnRow:
    """One column in figures.

    Parameters
    ----------
    column, kind, why : str
        Its name, its kind, and the reason for the kind.
    compared : bool
        True if the scores include it (they leave out identifiers, texts and constants).
    scores, ceilings, floors : dict of str to float
        Its score in each metric of single columns, and the scores of real rows and of independent
        columns.
    real_missing, synthetic_missing : float
        Shares of missing cells.
    real_distinct, synthetic_distinct : int
        Counts of distinct values.
    """

    column: str
    kind: str
    why: str
    compared: bool
    scores: dict[str, float]
    ceilings: dict[str, float]
    floors: dict[str, float]
    real_missing: float
    synthetic_missing: float
    real_distinct: int
    synthetic_distinct: int


@dataclass(frozen=True)
class Mark:
    """Something that happened at one step of training.

    Parameters
    ----------
    step : float
        The step at which it was noticed.
    kind : str
        ``"rate"``, ``"remedy"``, ``"copying"`` or ``"stop"``.
    words : str
        A description with the reason, as a sentence.
    """

    step: float
    kind: str
    words: str


@dataclass(frozen=True)
class Curves:
    """Curves of a training history.

    Parameters
    ----------
    steps : tuple of float
        The steps at which it was recorded. Where a run went back to an earlier step, they do too.
    series : dict of str to tuple
        One recorded quantity each; None where it was not recorded at a step.
    stopped : str
        The reason why training ended, in words.
    marks : tuple of Mark
        The events: changed rates, remedies, roll-backs.
    cut_short : bool
        True if training ended by an interrupt or by losses that were not finite.
    optimisers : tuple of str
        The names that the record declares for ``loss_<name>`` and ``rate_<name>``.
    """

    steps: tuple[float, ...]
    series: dict[str, tuple[float | None, ...]]
    stopped: str = ""
    marks: tuple[Mark, ...] = ()
    cut_short: bool = False
    optimisers: tuple[str, ...] = ()

    @property
    def networks(self) -> tuple[str, ...]:
        """The declared names; without any, those of the losses that are not of rows."""
        losses = (name.removeprefix("loss_") for name in self.series if name.startswith("loss_"))
        return self.optimisers or tuple(name for name in losses if name not in ("real", "fake"))

    def attempts(self) -> list[slice]:
        """Return the range of each attempt in the series: a new one begins where steps go back."""
        back = [i for i in range(1, len(self.steps)) if self.steps[i] <= self.steps[i - 1]]
        return [slice(a, b) for a, b in pairwise((0, *back, len(self.steps)))]


@dataclass(frozen=True)
class SequenceSummary:
    """The contents of a report on sequences besides those of a report on events.

    Parameters
    ----------
    unit : str
        What is compared, in the plural: ``"histories"`` or ``"blocks"``.
    entity, time : str or None
        The columns that say whose an event is, and when it happened.
    window : int or None
        The length of a block.
    real_units, synthetic_units : int
        The numbers of units.
    holdout_units : int or None
        The number of held-out units, None where none were given.
    static : tuple of str
        The columns that are constant within each entity.
    courses : tuple of Course
        One for each number that changes within a unit, the worst first.
    transitions : tuple of TransitionTable
        One for each column of levels that changes within a unit, the worst first.
    marginals : tuple of Marginal
        The distributions of lengths and gaps.
    families : tuple of ColumnShare
        The share of each family of features in the detector's gain.
    """

    unit: str
    entity: str | None
    time: str | None
    window: int | None
    real_units: int
    synthetic_units: int
    holdout_units: int | None = None
    static: tuple[str, ...] = ()
    courses: tuple[Course, ...] = ()
    transitions: tuple[TransitionTable, ...] = ()
    marginals: tuple[Marginal, ...] = ()
    families: tuple[ColumnShare, ...] = ()


@dataclass(frozen=True)
class Summary:
    """The contents of a report besides its scores.

    Parameters
    ----------
    real_rows, synthetic_rows : int
        The row counts.
    holdout_rows : int or None
        The number of held-out real rows, None where none were given.
    target : str or None
        The column that models of the utility scores predict.
    seed : int
        The seed of the evaluation.
    versions : dict of str to str
        The versions of the packages that computed it.
    columns : tuple of ColumnRow
        Every column, in the table's order.
    marginals : tuple of Marginal
        One for each compared column, the worst first.
    associations : Associations
        The associations of all compared columns.
    importances : tuple of ColumnShare
        The detector's, the most telling first; empty where there was no detector.
    curves : Curves or None
        The curves of the training, where a history was given.
    sequences : SequenceSummary or None
        How events belong together and follow each other, where they do.
    facts : dict of str to str
        Further facts for the head of the page, such as the table's file and the model.
    grids : tuple of ShareGrid
        The worst pairs of columns.
    view : ShareGrid or None
        All columns on the two principal components of the real table.
    statistics : tuple of ColumnStatistics
        One for each column of numbers.
    sample : SampleRows
        The first ten synthetic rows.
    distances : Distances or None
        Synthetic and real rows by their distance to the nearest learned row.
    origins : tuple of OriginRow
        The origin of the values of each column.
    """

    real_rows: int
    synthetic_rows: int
    holdout_rows: int | None
    target: str | None
    seed: int
    versions: dict[str, str]
    columns: tuple[ColumnRow, ...]
    marginals: tuple[Marginal, ...]
    associations: Associations
    importances: tuple[ColumnShare, ...] = ()
    curves: Curves | None = None
    sequences: SequenceSummary | None = None
    facts: dict[str, str] = field(default_factory=dict)
    grids: tuple[ShareGrid, ...] = ()
    view: ShareGrid | None = None
    statistics: tuple[ColumnStatistics, ...] = ()
    sample: SampleRows = field(default_factory=SampleRows)
    distances: Distances | None = None
    origins: tuple[OriginRow, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready values; numbers that are not finite become None."""
        plain: dict[str, Any] = jsonable(asdict(self))
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Summary:
        """Rebuild a summary from the result of `to_dict`.

        Raises
        ------
        DataError
            If the values are not those of a summary.
        """
        try:
            return build(cls, values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"Not the summary of an evaluation: {error}.") from error
